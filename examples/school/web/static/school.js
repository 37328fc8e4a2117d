"use strict";
// school is what the scripts of single pages (office.js, teacher.js) build on.
const school = (() => {
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

  // ask sends a request to the API and gives the raw answer; body is an object, or a FormData for files.
  async function ask(path, { method = "GET", body, accept = "application/json", again = true } = {}) {
    const headers = { Accept: accept }, files = body instanceof FormData;
    if (body !== undefined && !files) headers["Content-Type"] = "application/json";
    if (bearer) headers.Authorization = "Bearer " + await accessToken();
    else if (method !== "GET") headers["X-CSRF-Token"] = meta("csrf-token");
    const r = await fetch(api + path, { method, headers, credentials: bearer ? "omit" : "include", body: body === undefined || files ? body : JSON.stringify(body) });
    if (r.status === 401 && bearer && again) {
      token = null;
      return ask(path, { method, body, accept, again: false });
    }
    if (r.status === 401) { location.assign("/login"); }
    return r;
  }

  // refusal is an Error with the API's words; its status is that of the answer.
  async function refusal(r) {
    const e = (await r.json().catch(() => null))?.error;
    const fields = Object.entries(e?.fields ?? {}).map(([name, why]) => `${name} ${why}`).join(", ");
    return Object.assign(new Error(fields || e?.message || `The school answered ${r.status}.`), { status: r.status });
  }

  // call asks the API; the answer's JSON, or an Error with the API's words.
  async function call(path, options) {
    const r = await ask(path, options);
    if (!r.ok) throw await refusal(r);
    return r.status === 204 ? null : r.json().catch(() => null);
  }
  const post = (path, body) => call(path, { method: "POST", body });
  const query = values => "?" + new URLSearchParams(Object.entries(values).filter(([, v]) => v !== "" && v !== undefined));

  // fileLink is a link that fetches a file with the log-in of the page and keeps it under its name.
  function fileLink(f) {
    const a = el("a", { href: "#", class: "file", text: f.name });
    a.addEventListener("click", event => {
      event.preventDefault();
      guard(async () => {
        const r = await ask("/uploads/" + f.id);
        if (!r.ok) throw await refusal(r);
        const url = URL.createObjectURL(await r.blob());
        el("a", { href: url, download: f.name }).click();
        setTimeout(() => URL.revokeObjectURL(url), 10000);
      });
    });
    return a;
  }

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
    if (n) $("#notifications").replaceChildren(...unread.items.slice(0, 8).map(v => news(v)));
  }

  // news is a notification with a button that marks it as read.
  function news(v) {
    const read = el("button", { class: "plain read", title: "Mark as read", "aria-label": "Mark as read", text: "✓" });
    const li = el("li", {}, el("span", { text: v.body }), read);
    read.addEventListener("click", () => guard(async () => {
      await post(`/notifications/${v.id}/read`);
      li.remove();
      const left = Number($("#unread").textContent) - 1;
      $("#unread").textContent = left;
      $("#unread").hidden = left === 0;
      if (!$("#notifications li")) $("#notifications").append(el("li", { class: "quiet", text: "Nothing new." }));
    }));
    return li;
  }

  // pager shows the pages of a list, one at a time: get(page) brings one, show(answer) puts it there.
  function pager(get, show) {
    let at = 1;
    const back = $("#previous-page"), next = $("#next-page");
    const turn = async to => {
      const list = await get(to);
      at = list.page;
      back.disabled = at <= 1;
      next.disabled = at >= list.pages;
      $("#pages").dataset.page = at;
      $("#pages").textContent = `Page ${at} of ${Math.max(list.pages, 1)}, ${list.total} in all`;
      show(list);
    };
    back.addEventListener("click", () => guard(() => turn(at - 1)));
    next.addEventListener("click", () => guard(() => turn(at + 1)));
    return turn;
  }

  // bars draws [label, number, title] as columns; without a title the label is one.
  function bars(list, pairs) {
    const most = Math.max(1, ...pairs.map(([, n]) => n));
    list.replaceChildren(...pairs.map(([label, n, title = label]) => {
      const bar = el("span", { class: "bar" });
      bar.style.height = `${Math.round(100 * n / most)}%`;
      return el("li", { title: `${title}: ${n}` }, el("span", { class: "amount", text: n }), el("span", { class: "room" }, bar), el("span", { class: "label", text: label }));
    }));
  }

  // send runs work when a form is submitted, its button off meanwhile.
  function send(form, work) {
    form.addEventListener("submit", event => {
      event.preventDefault();
      guard(async () => {
        const button = $("button:not([type])", form);
        button.disabled = true;
        try { await work(new FormData(form)); } finally { button.disabled = false; }
      });
    });
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

    async course() {
      const box = $("#assignments"), c = await call("/courses/" + box.dataset.course);
      const states = { graded: "tag good", submitted: "tag calm" };
      fill($("ul", box), c.assignments.map(a => el("li", {}, el("a", { href: "/student/assignments/" + a.id, text: a.title }),
        el("span", { class: "quiet", text: `due ${day(a.due_at)}` }), el("span", { class: states[a.my_status] ?? "tag", text: a.my_status || "open" }))), "No assignments yet.");
    },

    async assignment() {
      const path = "/assignments/" + $("#assignment").dataset.assignment, form = $("#submit-form"), file = $("#file");
      const show = v => $("#mine").replaceChildren(
        el("p", { class: "handed", text: `Version ${v.version}, handed in ${day(v.submitted_at)} ` },
          v.grade === null ? el("span", { class: "tag calm", text: "waits for a grade" }) : el("span", { class: "tag good", text: v.grade + " points" }), " ", v.feedback ?? ""),
        el("blockquote", { text: v.content }), ...(v.attachments ? attachments(v) : [filesOf(v)]));
      $("#file-field").hidden = false;
      send(form, async () => {
        const work = { content: form.content.value };
        if (file.files.length) work.attachments = [(await upload(file.files[0], { purpose: "submission" })).id];
        show({ attachments: [], ...await post(path + "/submissions", work) });
        form.reset();
        $("#mine").dataset.handed = "now";
        notice("Handed in.");
      });
      const mine = (await call(path)).my_submission;
      if (mine) show(mine);
    },

    async search() {
      const q = new URLSearchParams(location.search).get("q") ?? "", type = $("#type");
      const kinds = { unit_plan: "unit plan", course: "course", assignment: "assignment", quiz: "quiz", person: "person" };
      $("#search-form").q.value = q;
      if (q.trim().length < 2) return;
      let at = 1;
      const back = $("#previous-page"), next = $("#next-page");
      const turn = async page => {
        const found = await call("/search" + query({ q, type: type.value, page: page > 1 ? page : "" }));
        at = found.page;
        $("#found").textContent = found.total === 1 ? `One thing fits “${q}”.` : `${found.total} things fit “${q}”.`;
        $("#results").dataset.type = type.value;
        $("#results").replaceChildren(...found.results.map(r => el("li", {}, el("a", { href: r.url, text: r.title }), el("span", { class: "tag calm", text: kinds[r.type] ?? r.type }), el("p", { class: "quiet", text: r.snippet }))));
        back.hidden = at <= 1;
        next.hidden = at >= found.pages;
      };
      type.addEventListener("change", () => guard(() => turn(1)));
      back.addEventListener("click", () => guard(() => turn(at - 1)));
      next.addEventListener("click", () => guard(() => turn(at + 1)));
      await turn(1);
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
  };

  // upload sends a file with the fields that say what it is for; what the school made of it.
  function upload(file, fields) {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append("file", file);
    return post("/uploads", body);
  }

  // filesOf asks for the files of a submission when somebody wants to see them.
  function filesOf(v) {
    const button = el("button", { type: "button", class: "plain files", text: "Show files" });
    button.addEventListener("click", () => guard(async () => {
      const found = attachments(await call("/submissions/" + v.id));
      button.replaceWith(...(found.length ? found : [el("p", { class: "quiet files", text: "No files." })]));
    }));
    return button;
  }

  const attachments = v => v.attachments?.length ? [el("p", { class: "files" }, "With ", ...v.attachments.flatMap((f, i) => i ? [", ", fileLink(f)] : [fileLink(f)]))] : [];

  // entry is the form that grades one submission.
  function entry(s, graded) {
    const form = $("#entry").content.firstElementChild.cloneNode(true);
    form.dataset.submission = s.id;
    $(".student", form).textContent = s.student.name;
    $(".assignment", form).textContent = s.assignment + (s.version > 1 ? `, version ${s.version}` : "");
    $(".read", form).addEventListener("click", () => guard(async () => {
      const text = $(".text", form);
      if (!text.textContent) {
        const v = await call("/submissions/" + s.id);
        text.replaceChildren(v.content, ...attachments(v));
      }
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

  document.addEventListener("DOMContentLoaded", () => { // when the script of the page has told its part
    if ($("#me")) guard(everyPage);
    const page = pages[document.body.dataset.page];
    if (page) guard(page).then(() => { document.body.dataset.ready = "true"; });
  });
  return { $, el, ask, call, post, query, refusal, fill, cells, pager, bars, send, guard, notice, day, number, upload, fileLink, pages };
})();
