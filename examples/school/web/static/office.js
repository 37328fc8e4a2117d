"use strict";
// The pages of the office.
(() => {
  const { $, el, call, post, query, fill, cells, pager, bars, send, guard, notice, day, number, pages } = school;
  const userLink = u => el("td", {}, el("a", { href: "/admin/users/" + u.id, text: u.name }));
  const isoDay = t => new Date(t).toISOString().slice(0, 10);

  pages.admin = async () => {
    const subject = $("#subject"), form = $("#engagement-form");
    const showCourses = async () => {
      const list = await call("/analytics/courses" + (subject.value ? query({ subject: subject.value }) : ""));
      $("#course-table tbody").replaceChildren(...list.items.map(c => cells(c.title, c.subject, c.students, c.submissions, c.graded, c.mean, c.median_days_to_grade)));
    };
    const overview = call("/analytics/overview");
    const courses = showCourses();
    const o = await overview;
    const figures = [...o.users.map(u => [u.role + "s", u.count]), ["active today", o.active_today]];
    $("#figures").replaceChildren(...figures.map(([name, n]) => el("p", { class: "card figure" }, el("strong", { text: n }), name)));
    bars($("#per-day"), o.submissions_per_day.map((d, i) => [i && !d.day.endsWith("-01") ? Number(d.day.slice(-2)) : day(d.day), d.submitted, day(d.day)]));
    bars($("#scores"), o.quiz_scores.map(b => [`${b.from}–${b.to}`, b.attempts]));
    $("#subjects tbody").replaceChildren(...o.subjects.map(s => cells(s.subject, s.courses, s.submissions, s.waiting, s.mean)));
    subject.append(...o.subjects.map(s => el("option", { value: s.subject, text: s.subject })));
    subject.addEventListener("change", () => guard(showCourses));
    form.to.value = isoDay(o.as_of);
    form.from.value = isoDay(Date.parse(o.as_of) - 13 * 86400000);
    send(form, async values => {
      const e = await call("/analytics/engagement" + query(Object.fromEntries(values)));
      $("#engagement tbody").replaceChildren(...e.items.map(p => cells(day(p.from), p.students, p.teachers, p.submissions, p.attempts, p.grades)));
      $("#engagement").hidden = false;
    });
    await courses;
  };

  pages.users = async () => {
    const form = $("#filter");
    const turn = pager(page => call("/users" + query({ page, role: form.role.value, q: form.q.value.trim() })),
      list => $("#users tbody").replaceChildren(...list.items.map(u => cells(userLink(u), u.email, u.role, u.courses))));
    send(form, () => turn(1));
    form.role.addEventListener("change", () => guard(() => turn(1)));
    await turn(1);
  };

  pages.user = async () => {
    const box = $("#user"), u = await call("/users/" + box.dataset.user);
    box.replaceChildren(el("h1", { text: u.name }), el("p", { class: "quiet" }, u.email + " · ", el("span", { class: "tag calm", text: u.role })),
      el("h2", { text: u.courses.length ? "Courses" : "No courses yet" }),
      el("ul", { class: "rows" }, ...u.courses.map(c => el("li", {}, el("span", { text: c.title }), el("span", { class: "quiet", text: `${c.subject}, year ${c.year} · ${c.teacher}` })))));
  };

  pages.integrations = async () => {
    const tags = { connected: "tag good", error: "tag", off: "tag calm" };
    const line = i => {
      const li = el("li", { "data-integration": i.id }, el("strong", { text: i.name }), el("span", { class: "quiet", text: i.kind }),
        el("span", { class: "quiet", text: i.last_sync ? "last " + new Date(i.last_sync).toLocaleString("en-GB", { timeZone: "UTC" }) : "never synchronised" }),
        el("span", { class: tags[i.status] ?? "tag", text: i.status }));
      const sync = el("button", { class: "plain sync", text: "Synchronise" });
      sync.disabled = i.status === "off";
      sync.addEventListener("click", () => guard(async () => {
        sync.disabled = true;
        try {
          await post(`/integrations/${i.id}/sync`);
          li.replaceWith(line(await call("/integrations/" + i.id)));
          notice(i.name + " is being synchronised.");
        } finally { sync.disabled = false; }
      }));
      li.append(sync);
      return li;
    };
    fill($("#integrations"), (await call("/integrations")).items.map(line), "No integrations.");
  };

  pages["course-new"] = async () => {
    const form = $("#course-form"), ticks = $("#students"), chosen = new Set();
    let course;
    const turn = pager(page => call("/users" + query({ role: "student", page })), list => ticks.replaceChildren(...list.items.map(u => {
      const box = el("input", { type: "checkbox", name: "student", value: u.id });
      box.checked = chosen.has(u.id);
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(u.id); else chosen.delete(u.id);
        $("#enrol").disabled = chosen.size === 0;
        $("#enrol").textContent = chosen.size ? `Enrol ${chosen.size}` : "Enrol";
      });
      return el("label", {}, box, el("span", { text: u.name }));
    })));
    send(form, async () => {
      course = await post("/courses", { title: form.title.value, subject: form.subject.value, year: form.year.valueAsNumber, teacher_id: Number(form.teacher.value) });
      $("#course-title").textContent = course.title ?? form.title.value;
      form.parentElement.hidden = true;
      await turn(1);
      $("#enrolment").hidden = false;
    });
    send($("#enrol-form"), async () => {
      const r = await post(`/courses/${course.id}/enrolments`, { student_ids: [...chosen] });
      chosen.clear();
      ticks.querySelectorAll(":checked").forEach(box => { box.checked = false; });
      $("#enrol").textContent = "Enrol";
      $("#enrolled").textContent = `${r.enrolled} enrolled` + (r.already ? `, ${r.already} were in it already.` : ".");
      $("#enrolled").hidden = false;
    });
    let read = 0;
    const more = $("#more-teachers");
    const teachers = async () => {
      const list = await call("/users" + query({ role: "teacher", page: read ? read + 1 : "" }));
      read = list.page;
      form.teacher.append(...list.items.map(t => el("option", { value: t.id, text: t.name })));
      more.hidden = read >= list.pages;
    };
    more.addEventListener("click", () => guard(teachers));
    await teachers();
  };
})();
