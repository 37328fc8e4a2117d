"use strict";
(() => {
  const meta = name => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
  const $ = (selector, root = document) => root.querySelector(selector);
  const api = meta("api-origin") + "/api/v1";
  const bearer = meta("api-auth") === "bearer";
  let token = null; // of the API, when it wants one

  // el makes an element; text is always text.
  function el(tag, { text, ...attributes } = {}, ...children) {
    const e = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
    if (text !== undefined) e.textContent = text;
    e.append(...children);
    return e;
  }

  let hush;
  function notice(text, bad = false) {
    const n = $("#notice");
    n.textContent = text;
    n.classList.toggle("bad", bad);
    n.hidden = false;
    clearTimeout(hush);
    hush = setTimeout(() => { n.hidden = true; }, 4000);
  }

  async function accessToken() {
    token ??= fetch("/session/token").then(async r => {
      if (!r.ok) { location.assign("/login"); throw new Error("logged out"); }
      return (await r.json()).access_token;
    });
    return token;
  }

  // call asks the API; the answer's JSON, or an Error with the API's words.
  async function call(path, { method = "GET", body, again = true } = {}) {
    const headers = { Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (bearer) headers.Authorization = "Bearer " + await accessToken();
    else if (method !== "GET") headers["X-CSRF-Token"] = meta("csrf-token");
    const r = await fetch(api + path, { method, headers, credentials: bearer ? "omit" : "include", body: body === undefined ? undefined : JSON.stringify(body) });
    if (r.status === 401 && bearer && again) {
      token = null;
      return call(path, { method, body, again: false });
    }
    if (r.status === 401) { location.assign("/login"); }
    const answer = r.status === 204 ? null : await r.json().catch(() => null);
    if (!r.ok) {
      const e = answer?.error;
      const fields = Object.entries(e?.fields ?? {}).map(([name, why]) => `${name} ${why}`).join(", ");
      throw new Error(fields || e?.message || `The school answered ${r.status}.`);
    }
    return answer;
  }
  const post = (path, body) => call(path, { method: "POST", body });

  const number = n => n === null || n === undefined ? "–" : String(n);
  const day = t => new Date(t).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  const fill = (list, items, otherwise) => list.replaceChildren(...(items.length ? items : [el("li", { class: "quiet", text: otherwise })]));
  const cells = (...values) => el("tr", {}, ...values.map(v => v instanceof Node ? v : typeof v === "number" || v === null ? el("td", { class: "num", text: number(v) }) : el("td", { text: v })));

  async function everyPage() {
    const [me, unread] = await Promise.all([call("/me"), call("/notifications?unread=true")]);
    $("#me").replaceChildren(me.name, el("small", { text: me.role }));
    const n = unread.items.length;
    $("#unread").hidden = n === 0;
    $("#unread").textContent = n;
    if (n) $("#notifications").replaceChildren(...unread.items.slice(0, 8).map(v => el("li", { text: v.body })));
  }

  const pages = {
    async teacher() {
      const d = await call("/dashboard");
      $("#to-grade").textContent = d.to_grade;
      fill($("#next-units"), d.unit_plans.map(u => el("li", {}, el("a", { href: "/teacher/units/" + u.id, text: u.title }), el("span", { class: "quiet", text: u.course }))), "No units yet.");
    },

    async units() {
      const filter = $("#course-filter");
      const show = list => $("#units tbody").replaceChildren(...list.items.map(u => cells(u.week, el("td", {}, el("a", { href: "/teacher/units/" + u.id, text: u.title })), u.course, u.status)));
      filter.addEventListener("change", () => guard(async () => show(await call("/unit_plans" + (filter.value ? "?course_id=" + filter.value : "")))));
      const [courses, plans] = await Promise.all([call("/courses"), call("/unit_plans")]);
      filter.append(...courses.items.map(c => el("option", { value: c.id, text: c.title })));
      show(plans);
    },

    async unit() {
      const unit = await call("/unit_plans/" + $("#unit").dataset.unit);
      $("#summary").textContent = unit.summary;
    },

    async gradebook() {
      const book = await call(`/courses/${$("#gradebook").dataset.course}/gradebook`);
      const sums = book.summary;
      const showSums = () => document.querySelectorAll("[data-sum]").forEach(e => { e.textContent = number(sums[e.dataset.sum]); });
      showSums();
      $("#assignments tbody").replaceChildren(...book.assignments.map(a => cells(a.title, a.submitted, a.graded, a.average)));
      $("#students tbody").replaceChildren(...book.students.map(s => cells(s.name, s.submitted, s.graded, s.average)));
      const waiting = book.submissions.filter(s => s.status === "submitted");
      const box = $("#to-grade"), more = $("#more"), step = 15;
      const showSome = () => {
        box.append(...waiting.splice(0, step).map(s => entry(s, () => { sums.ungraded--; sums.graded++; showSums(); })));
        more.hidden = waiting.length === 0;
        more.textContent = `Show more (${waiting.length})`;
      };
      box.replaceChildren(...(waiting.length ? [] : [el("p", { class: "quiet", text: "Everything is graded." })]));
      more.addEventListener("click", showSome);
      showSome();
    },

    async student() {
      const d = await call("/dashboard");
      fill($("#upcoming"), d.upcoming.map(a => el("li", {}, el("a", { href: "/student/assignments/" + a.id, text: a.title }), el("span", { class: "quiet", text: `${a.course}, due ${day(a.due_at)}` }), a.my_status ? el("span", { class: "tag calm", text: a.my_status }) : "")), "Nothing is due.");
      fill($("#quizzes"), d.quizzes.map(q => el("li", {}, el("a", { href: "/student/quizzes/" + q.id, text: q.title }), el("span", { class: "quiet", text: q.course }))), "No quizzes.");
      fill($("#recent"), d.recent_grades.map(g => el("li", {}, el("a", { href: "/student/assignments/" + g.assignment_id, text: g.assignment }), el("span", { class: "tag good", text: g.grade }))), "No grades yet.");
    },

    async assignment() {
      const form = $("#submit-form");
      form.addEventListener("submit", event => {
        event.preventDefault();
        guard(async () => {
          const button = $("#submit");
          button.disabled = true;
          try {
            const v = await post(`/assignments/${$("#assignment").dataset.assignment}/submissions`, { content: form.content.value });
            $("#mine").replaceChildren(
              el("p", { class: "handed", text: `Version ${v.version}, handed in now ` }, el("span", { class: "tag calm", text: "waits for a grade" })),
              el("blockquote", { text: v.content }));
            form.reset();
            notice("Handed in.");
          } finally { button.disabled = false; }
        });
      });
    },

    async quiz() {
      const quiz = $("#quiz").dataset.quiz;
      let attempt, at = 0;
      const only = id => ["intro", "question", "review", "result"].forEach(name => { $("#" + name).hidden = name !== id; });
      const ask = () => {
        const q = attempt.questions[at];
        $("#progress").textContent = `Question ${at + 1} of ${attempt.questions.length}`;
        $("#bar").value = at;
        $("#prompt").textContent = q.prompt;
        $("#options").replaceChildren(...q.options.map(o => el("label", { class: "option" }, el("input", { type: "radio", name: "option", value: o.id, required: "" }), el("span", { text: o.label }))));
        $("#next").disabled = true;
        only("question");
      };
      $("#start").addEventListener("click", () => guard(async () => { attempt = await post(`/quizzes/${quiz}/attempts`); ask(); }));
      $("#options").addEventListener("change", () => { $("#next").disabled = false; });
      $("#question").addEventListener("submit", event => {
        event.preventDefault();
        guard(async () => {
          const chosen = Number(new FormData(event.target).get("option"));
          $("#next").disabled = true;
          try {
            await post(`/attempts/${attempt.id}/answers`, { question_id: attempt.questions[at].id, option_id: chosen });
          } catch (e) { $("#next").disabled = false; throw e; }
          if (++at < attempt.questions.length) ask(); else only("review");
        });
      });
      $("#finish").addEventListener("click", () => guard(async () => {
        const r = await post(`/attempts/${attempt.id}/submit`);
        $("#score").textContent = r.score + " %";
        $("#correct").textContent = `${r.correct} of ${r.questions} answers are right.`;
        only("result");
      }));
    },

    async grades() {
      const list = await call("/grades");
      $("#grades tbody").replaceChildren(...list.items.map(g => cells(g.course, g.assignment, g.grade, g.feedback)));
    },

    async office() {
      const d = await call("/dashboard");
      $("#totals").replaceChildren(...Object.entries(d).map(([name, n]) => el("p", { class: "card figure" }, el("strong", { text: n }), name.replaceAll("_", " "))));
    },
  };

  // entry is the form that grades one submission.
  function entry(s, graded) {
    const form = $("#entry").content.firstElementChild.cloneNode(true);
    form.dataset.submission = s.id;
    $(".student", form).textContent = s.student.name;
    $(".assignment", form).textContent = s.assignment + (s.version > 1 ? `, version ${s.version}` : "");
    $(".read", form).addEventListener("click", () => guard(async () => {
      const text = $(".text", form);
      if (!text.textContent) text.textContent = (await call("/submissions/" + s.id)).content;
      text.hidden = !text.hidden;
    }));
    form.addEventListener("submit", event => {
      event.preventDefault();
      guard(async () => {
        const save = $(".save", form);
        save.disabled = true;
        try {
          await post(`/submissions/${s.id}/grade`, { grade: form.grade.valueAsNumber, feedback: form.feedback.value });
        } catch (e) { save.disabled = false; throw e; }
        save.textContent = "Graded";
        form.grade.disabled = form.feedback.disabled = true;
        form.classList.add("done");
        graded();
      });
    });
    return form;
  }

  async function guard(work) {
    try { await work(); } catch (e) { notice(e.message, true); }
  }

  if ($("#me")) guard(everyPage);
  const page = pages[document.body.dataset.page];
  if (page) guard(page).then(() => { document.body.dataset.ready = "true"; });
})();
