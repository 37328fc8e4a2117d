package store

import (
	"context"
	crand "crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"time"
)

// Instant is a point in time in milliseconds since 1970; 0 is none. In JSON it is RFC 3339 in UTC, or null.
type Instant int64

func now() Instant { return Instant(time.Now().UnixMilli()) }

// Time is the instant as a time in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// MarshalJSON writes "2025-10-31T15:00:00.000Z".
func (i Instant) MarshalJSON() ([]byte, error) {
	if i == 0 {
		return []byte("null"), nil
	}
	return json.Marshal(i.Time().Format("2006-01-02T15:04:05.000Z"))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (i *Instant) UnmarshalJSON(b []byte) error {
	var t *time.Time
	if err := json.Unmarshal(b, &t); err != nil || t == nil {
		*i = 0
		return err
	}
	*i = Instant(t.UnixMilli())
	return nil
}

// User is somebody with an account.
type User struct {
	ID    int64  `json:"id"`
	Email string `json:"email"`
	Name  string `json:"name"`
	Role  string `json:"role"`
}

// LogIn finds the account of an e-mail address and verifies its password: ErrNotFound when either is wrong, after the
// same time. One query.
func (s *Store) LogIn(ctx context.Context, email, password string) (User, error) {
	var u User
	var stored string
	err := s.reader(ctx).row(`SELECT id, email, name, role, password FROM users WHERE email = ?`, email).
		Scan(&u.ID, &u.Email, &u.Name, &u.Role, &stored)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return User{}, err
	}
	if !VerifyPassword(stored, password) {
		return User{}, ErrNotFound
	}
	return u, nil
}

// Session is a log-in that lasts.
type Session struct {
	User User
	CSRF string
}

// NewSession starts a session; the id is a secret that only its digest is kept of. One query.
func (s *Store) NewSession(ctx context.Context, user int64, life time.Duration) (id string, err error) {
	id = NewToken()
	_, err = s.writer(ctx).exec(`INSERT INTO sessions VALUES (?, ?, ?, ?)`, digest(id), user, NewToken(), int64(now())+life.Milliseconds())
	return id, err
}

// Session is the living session of an id, or ErrNotFound. One query.
func (s *Store) Session(ctx context.Context, id string) (Session, error) {
	var v Session
	err := s.reader(ctx).row(`SELECT u.id, u.email, u.name, u.role, s.csrf FROM sessions s JOIN users u ON u.id = s.user_id
		WHERE s.id = ? AND s.expires_at > ?`, digest(id), int64(now())).
		Scan(&v.User.ID, &v.User.Email, &v.User.Name, &v.User.Role, &v.CSRF)
	return v, notFound(err)
}

// EndSession forgets a session. One query.
func (s *Store) EndSession(ctx context.Context, id string) error {
	_, err := s.writer(ctx).exec(`DELETE FROM sessions WHERE id = ?`, digest(id))
	return err
}

// NewRefresh starts a family of refresh tokens. One query.
func (s *Store) NewRefresh(ctx context.Context, user int64, life time.Duration) (token string, err error) {
	token = NewToken()
	_, err = s.writer(ctx).exec(`INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, 0)`, digest(token), uuid(crand.Reader), user,
		int64(now())+life.Milliseconds())
	return token, err
}

// Rotate takes a refresh token and gives the next of its family. A token that was taken before is ErrReused, and its
// whole family is revoked: one of its two holders has stolen it. An unknown or expired one is ErrNotFound.
func (s *Store) Rotate(ctx context.Context, token string, life time.Duration) (u User, next string, err error) {
	reused := false
	err = s.tx(ctx, func(q *querier) error {
		var family string
		var used int
		var expires int64
		err := q.row(`SELECT t.family, t.used, t.expires_at, u.id, u.email, u.name, u.role FROM refresh_tokens t
			JOIN users u ON u.id = t.user_id WHERE t.id = ?`+s.lockOf("t"), digest(token)).
			Scan(&family, &used, &expires, &u.ID, &u.Email, &u.Name, &u.Role)
		if err != nil {
			return notFound(err)
		}
		if used == 1 {
			reused = true
			_, err := q.exec(`DELETE FROM refresh_tokens WHERE family = ?`, family)
			return err
		}
		if expires <= int64(now()) {
			return ErrNotFound
		}
		if _, err := q.exec(`UPDATE refresh_tokens SET used = 1 WHERE id = ?`, digest(token)); err != nil {
			return err
		}
		next = NewToken()
		_, err = q.exec(`INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, 0)`, digest(next), family, u.ID, int64(now())+life.Milliseconds())
		return err
	})
	if err == nil && reused {
		err = ErrReused
	}
	if err != nil {
		return User{}, "", err
	}
	return u, next, nil
}

// Revoke ends the family of a refresh token, if there is one. One query.
func (s *Store) Revoke(ctx context.Context, token string) error {
	_, err := s.writer(ctx).exec(`DELETE FROM refresh_tokens WHERE family = (SELECT family FROM refresh_tokens WHERE id = ?)`, digest(token))
	return err
}

// Notification is a line in somebody's bell menu.
type Notification struct {
	ID        string  `json:"id"`
	Kind      string  `json:"kind"`
	Body      string  `json:"body"`
	Unread    bool    `json:"unread"`
	CreatedAt Instant `json:"created_at"`
}

// Notifications are the newest 50 of a user; unread nil means both kinds. One query.
func (s *Store) Notifications(ctx context.Context, user int64, unread *bool) ([]Notification, error) {
	where, args := ``, []any{user}
	if unread != nil {
		where, args = ` AND unread = ?`, append(args, flag(*unread))
	}
	return collect(s.reader(ctx), func(r *sql.Rows, n *Notification) error {
		return r.Scan(&n.ID, &n.Kind, &n.Body, &n.Unread, &n.CreatedAt)
	}, `SELECT id, kind, body, unread, created_at FROM notifications WHERE user_id = ?`+where+` ORDER BY created_at DESC, id LIMIT 50`, args...)
}

// unreadCount is the number on the bell. One query.
func (q *querier) unreadCount(user int64) (n int, err error) {
	err = q.row(`SELECT COUNT(*) FROM notifications WHERE user_id = ? AND unread = 1`, user).Scan(&n)
	return n, err
}

// MarkRead marks one's own notification as read. Two queries.
func (s *Store) MarkRead(ctx context.Context, user int64, id string) error {
	return s.tx(ctx, func(q *querier) error {
		var owner int64
		if err := q.row(`SELECT user_id FROM notifications WHERE id = ?`+s.lock(), id).Scan(&owner); err != nil {
			return notFound(err)
		}
		if owner != user {
			return ErrForbidden
		}
		_, err := q.exec(`UPDATE notifications SET unread = 0 WHERE id = ?`, id)
		return err
	})
}

// notify adds a notification. One query.
func (q *querier) notify(user int64, kind, body string) error {
	_, err := q.exec(`INSERT INTO notifications VALUES (?, ?, ?, ?, 1, ?)`, shortID(crand.Reader), user, kind, body, int64(now()))
	return err
}
