package store

// schemaVersion is written into the database; another one is not opened.
const schemaVersion = 2

// tables in the order in which they are made and filled. The types mean the same to SQLite and PostgreSQL, but for
// BYTES, which each calls by a name of its own.
var tables = []struct{ name, columns string }{
	{"meta", `name TEXT PRIMARY KEY, value TEXT NOT NULL`},
	{"users", `id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL, password TEXT NOT NULL`},
	{"sessions", `id TEXT PRIMARY KEY, user_id INTEGER NOT NULL, csrf TEXT NOT NULL, expires_at BIGINT NOT NULL`},
	{"refresh_tokens", `id TEXT PRIMARY KEY, family TEXT NOT NULL, user_id INTEGER NOT NULL, expires_at BIGINT NOT NULL, used INTEGER NOT NULL`},
	{"courses", `id INTEGER PRIMARY KEY, teacher_id INTEGER NOT NULL, title TEXT NOT NULL, subject TEXT NOT NULL, year INTEGER NOT NULL`},
	{"enrolments", `course_id INTEGER NOT NULL, student_id INTEGER NOT NULL, PRIMARY KEY (course_id, student_id)`},
	{"unit_plans", `id INTEGER PRIMARY KEY, course_id INTEGER NOT NULL, title TEXT NOT NULL, summary TEXT NOT NULL, week INTEGER NOT NULL, status TEXT NOT NULL,
		lock_version INTEGER NOT NULL`},
	{"lessons", `id INTEGER PRIMARY KEY, unit_id INTEGER NOT NULL, position INTEGER NOT NULL, title TEXT NOT NULL, minutes INTEGER NOT NULL,
		objectives TEXT NOT NULL, notes TEXT NOT NULL`},
	{"activities", `lesson_id INTEGER NOT NULL, position INTEGER NOT NULL, minutes INTEGER NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL,
		PRIMARY KEY (lesson_id, position)`},
	{"standards", `unit_id INTEGER NOT NULL, position INTEGER NOT NULL, code TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (unit_id, position)`},
	{"materials", `id INTEGER PRIMARY KEY, unit_id INTEGER NOT NULL, lesson_id INTEGER NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, url TEXT NOT NULL`},
	{"notifications", `id TEXT PRIMARY KEY, user_id INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, unread INTEGER NOT NULL, created_at BIGINT NOT NULL`},
	{"quizzes", `id INTEGER PRIMARY KEY, course_id INTEGER NOT NULL, title TEXT NOT NULL, minutes INTEGER NOT NULL`},
	{"questions", `id INTEGER PRIMARY KEY, quiz_id INTEGER NOT NULL, position INTEGER NOT NULL, prompt TEXT NOT NULL`},
	{"options", `id INTEGER PRIMARY KEY, question_id INTEGER NOT NULL, position INTEGER NOT NULL, label TEXT NOT NULL, correct INTEGER NOT NULL`},
	{"attempts", `id TEXT PRIMARY KEY, quiz_id INTEGER NOT NULL, student_id INTEGER NOT NULL, started_at BIGINT NOT NULL, submitted_at BIGINT NOT NULL, score INTEGER NOT NULL`},
	{"answers", `attempt_id TEXT NOT NULL, question_id INTEGER NOT NULL, option_id INTEGER NOT NULL, PRIMARY KEY (attempt_id, question_id)`},
	{"assignments", `id INTEGER PRIMARY KEY, course_id INTEGER NOT NULL, title TEXT NOT NULL, instructions TEXT NOT NULL, due_at BIGINT NOT NULL`},
	{"submissions", `id TEXT PRIMARY KEY, assignment_id INTEGER NOT NULL, course_id INTEGER NOT NULL, student_id INTEGER NOT NULL,
		version INTEGER NOT NULL, latest INTEGER NOT NULL, status TEXT NOT NULL, content TEXT NOT NULL, submitted_at BIGINT NOT NULL,
		grade INTEGER, feedback TEXT, graded_by INTEGER, graded_at BIGINT`},
	{"uploads", `id TEXT PRIMARY KEY, owner_id INTEGER NOT NULL, purpose TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, size BIGINT NOT NULL,
		sha256 TEXT NOT NULL, created_at BIGINT NOT NULL, submission_id TEXT, unit_id INTEGER`},
	{"upload_bytes", `id TEXT PRIMARY KEY, content BYTES NOT NULL`},
	{"generations", `id TEXT PRIMARY KEY, teacher_id INTEGER NOT NULL, kind TEXT NOT NULL, topic TEXT NOT NULL, unit_id INTEGER, minutes INTEGER NOT NULL,
		status TEXT NOT NULL, text TEXT NOT NULL, tokens INTEGER NOT NULL, created_at BIGINT NOT NULL`},
	{"integrations", `id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, last_sync BIGINT NOT NULL`},
	{"syncs", `id TEXT PRIMARY KEY, integration_id TEXT NOT NULL, started_by INTEGER, status TEXT NOT NULL, records INTEGER NOT NULL, started_at BIGINT NOT NULL`},
}

var indexes = []string{
	`courses_teacher ON courses (teacher_id)`,
	`enrolments_student ON enrolments (student_id)`,
	`unit_plans_course ON unit_plans (course_id)`,
	`notifications_user ON notifications (user_id, unread)`,
	`quizzes_course ON quizzes (course_id)`,
	`questions_quiz ON questions (quiz_id, position)`,
	`options_question ON options (question_id, position)`,
	`attempts_quiz ON attempts (quiz_id, student_id)`,
	`assignments_course ON assignments (course_id)`,
	`submissions_course ON submissions (course_id, latest, status)`,
	`submissions_student ON submissions (student_id, latest)`,
	`submissions_assignment ON submissions (assignment_id, student_id, latest)`,
	`refresh_tokens_family ON refresh_tokens (family)`,
	`lessons_unit ON lessons (unit_id, position)`,
	`materials_unit ON materials (unit_id, lesson_id)`,
	`uploads_submission ON uploads (submission_id)`,
	`generations_teacher ON generations (teacher_id)`,
	`syncs_integration ON syncs (integration_id, started_at)`,
	`users_role ON users (role, name)`,
}
