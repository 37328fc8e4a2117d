"use strict";
// The pages on which teachers prepare: units, lessons, assignments, the lesson helper.
(() => {
  const { $, el, ask, call, post, refusal, fill, send, guard, notice, upload, fileLink, pages } = school;
  const lines = text => text.split("\n").map(l => l.trim()).filter(Boolean);
  const materials = list => list.map(m => el("li", {}, m.url.startsWith("/api/v1/uploads/") ? fileLink({ id: m.url.split("/").pop(), name: m.title }) : el("span", { text: m.title }), el("span", { class: "tag calm", text: m.kind })));

  pages.unit = async () => {
    const path = "/unit_plans/" + $("#unit").dataset.unit, form = $("#edit");
    let version;
    const show = unit => {
      version = unit.lock_version;
      $("#title").textContent = form.title.value = unit.title;
      $("#summary").textContent = form.summary.value = unit.summary ?? "";
      $("#status").textContent = form.status.value = unit.status;
      fill($("#lessons"), unit.lessons.map(l => el("li", {}, el("a", { href: `/teacher${path.replace("unit_plans", "units")}/lessons/${l.id}`, text: l.title }), el("span", { class: "quiet", text: l.minutes + " minutes" }))), "No lessons yet.");
      fill($("#standards"), unit.standards.map(s => el("li", {}, el("span", { text: s.text }), el("span", { class: "tag calm", text: s.code }))), "None chosen.");
      fill($("#materials"), materials(unit.materials), "None.");
    };
    send(form, async () => {
      let changed = false;
      try {
        await call(path, { method: "PATCH", body: { title: form.title.value, summary: form.summary.value, status: form.status.value, lock_version: version } });
      } catch (e) {
        if (e.status !== 409) throw e;
        changed = true;
      }
      show(await call(path));
      $("#editor").open = false;
      notice(changed ? "Somebody else has changed this unit meanwhile: here is what it is now." : "Saved.", changed);
    });
    send($("#lesson-form"), async values => {
      await post(path + "/lessons", { title: values.get("title"), minutes: Number(values.get("minutes")), objectives: lines(values.get("objectives")) });
      $("#lesson-form").reset();
      $("#adder").open = false;
      show(await call(path));
      notice("Added.");
    });
    const material = $("#material");
    material.addEventListener("change", () => guard(async () => {
      material.disabled = true;
      try {
        await upload(material.files[0], { purpose: "unit_plan", unit_plan_id: $("#unit").dataset.unit });
        show(await call(path));
        notice("Added.");
      } finally {
        material.value = "";
        material.disabled = false;
      }
    }));
    show(await call(path));
  };

  pages.lesson = async () => {
    const { unit, lesson } = $("#lesson").dataset, l = await call(`/unit_plans/${unit}/lessons/${lesson}`);
    $("#title").textContent = l.title;
    $("#length").textContent = `Lesson ${l.position}, ${l.minutes} minutes`;
    $("#notes").textContent = l.notes;
    fill($("#objectives"), l.objectives.map(o => el("li", { text: o })), "None named.");
    fill($("#activities"), l.activities.map(a => el("li", {}, el("strong", { text: a.title }), el("span", { class: "quiet", text: `${a.minutes} minutes` }), el("p", { text: a.text }))), "None planned yet.");
    fill($("#materials"), materials(l.materials), "None.");
  };

  const courseOptions = list => list.items.map(c => el("option", { value: c.id, text: c.title }));

  pages["unit-new"] = async () => {
    const form = $("#unit-form");
    send(form, async () => {
      const unit = await post("/unit_plans", { course_id: Number(form.course.value), title: form.title.value, summary: form.summary.value, week: form.week.valueAsNumber });
      location.assign("/teacher/units/" + unit.id);
    });
    form.course.append(...courseOptions(await call("/courses")));
  };

  pages["assignment-new"] = async () => {
    const form = $("#assignment-form");
    form.due.min = new Date().toISOString().slice(0, 10);
    send(form, async () => {
      await post(`/courses/${form.dataset.course}/assignments`, { title: form.title.value, instructions: form.instructions.value, due_at: form.due.value + "T15:00:00.000Z" });
      location.assign(`/teacher/courses/${form.dataset.course}/gradebook`);
    });
  };

  // events reads an event stream to its end: on(name, data) for each.
  async function events(body, on) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const whole = (rest + value).split("\n\n");
      rest = whole.pop();
      for (const block of whole) {
        const event = { event: "message", data: "" };
        for (const line of block.split("\n")) {
          const at = line.indexOf(":");
          if (at > 0) event[line.slice(0, at)] = line.slice(at + 1).trimStart();
        }
        if (event.data) on(event.event, JSON.parse(event.data));
      }
    }
  }

  // wait counts the seconds down after which the school may be asked again.
  async function wait(seconds) {
    const note = $("#ai-wait");
    note.hidden = false;
    for (let left = seconds; left > 0; left--) {
      note.textContent = `The lesson helper is busy. It tries again in ${left} second${left === 1 ? "" : "s"}.`;
      await new Promise(done => setTimeout(done, 1000));
    }
    note.hidden = true;
  }

  pages.ai = async () => {
    const form = $("#ai-form"), text = $("#text"), done = $("#ai-done"), save = $("#save"), saved = $("#saved"), hint = $("#ai-hint");
    let generation, unit, texts = 0;
    const write = async body => {
      for (;;) {
        const r = await ask("/ai/generate", { method: "POST", accept: "text/event-stream", body });
        if (r.ok) return r;
        if (r.status !== 429) throw await refusal(r);
        await wait(Math.max(1, Number(r.headers.get("Retry-After")) || 1));
      }
    };
    send(form, async () => {
      text.textContent = "";
      done.hidden = save.hidden = saved.hidden = true;
      hint.hidden = false;
      hint.textContent = "Thinking …";
      generation = null;
      unit = Number(form.unit.value);
      const r = await write({ kind: form.kind.value, topic: form.topic.value, unit_plan_id: unit, minutes: form.minutes.valueAsNumber });
      let end;
      await events(r.body, (name, data) => {
        if (name === "start") generation = data.id;
        if (name === "done") end = data;
        if (name !== "delta") return;
        hint.hidden = true;
        text.append(data.text);
      });
      hint.hidden = true;
      if (!end) throw new Error("The lesson helper broke off. Try again.");
      done.textContent = `${end.tokens} tokens.`;
      done.dataset.texts = ++texts;
      done.hidden = save.hidden = false;
      save.disabled = false;
    });
    save.addEventListener("click", () => guard(async () => {
      save.disabled = true;
      try {
        const { lesson_id } = await post(`/ai/generations/${generation}/save`, { unit_plan_id: unit });
        saved.href = `/teacher/units/${unit}/lessons/${lesson_id}`;
        saved.hidden = false;
        save.hidden = true;
      } catch (e) { save.disabled = false; throw e; }
    }));
    form.unit.append(...(await call("/unit_plans")).items.map(u => el("option", { value: u.id, text: `${u.title} (${u.course})` })));
  };
})();
