package store

import (
	"context"
	crand "crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
)

// What an upload can be for.
const (
	PurposeSubmission = "submission"
	PurposeUnitPlan   = "unit_plan"
)

// MostAttachments is how many uploads one submission can have.
const MostAttachments = 10

// Upload is a file that somebody sent.
type Upload struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	URL    string `json:"url"`
}

func (v *Upload) fields() []any { return []any{&v.ID, &v.Name, &v.Type, &v.Size, &v.SHA256} }

func (v *Upload) link() { v.URL = "/api/v1/uploads/" + v.ID }

// Upload keeps a file; unit is the teacher's own unit plan whose material it becomes, or 0. Two queries, three with a
// unit.
func (s *Store) Upload(ctx context.Context, u User, purpose, name, kind string, content []byte, unit int64) (Upload, error) {
	sum := sha256.Sum256(content)
	v := Upload{ID: "upl_" + shortID(crand.Reader), Name: name, Type: kind, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}
	v.link()
	err := s.tx(ctx, func(q *querier) error {
		var of any
		if unit != 0 {
			if _, err := q.ownUnit(u, unit, ``); err != nil {
				return err
			}
			of = unit
		}
		if _, err := q.exec(`INSERT INTO uploads VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)`,
			v.ID, u.ID, purpose, name, kind, v.Size, v.SHA256, int64(now()), of); err != nil {
			return err
		}
		_, err := q.exec(`INSERT INTO upload_bytes VALUES (?, ?)`, v.ID, content)
		return err
	})
	return v, err
}

// File is an upload with its bytes, for its owner, the teacher of the course that it was handed in to, and
// administrators. Two queries, one if it may not be seen.
func (s *Store) File(ctx context.Context, u User, id string) (v Upload, content []byte, err error) {
	var owner int64
	var teacher sql.NullInt64
	q := s.reader(ctx)
	err = q.row(`SELECT f.id, f.name, f.type, f.size, f.sha256, f.owner_id, c.teacher_id FROM uploads f
		LEFT JOIN submissions s ON s.id = f.submission_id LEFT JOIN courses c ON c.id = s.course_id WHERE f.id = ?`, id).
		Scan(append(v.fields(), &owner, &teacher)...)
	if err != nil {
		return v, nil, notFound(err)
	}
	if owner != u.ID && u.Role != RoleAdmin && !(teacher.Valid && teacher.Int64 == u.ID) {
		return v, nil, ErrForbidden
	}
	v.link()
	err = q.row(`SELECT content FROM upload_bytes WHERE id = ?`, id).Scan(&content)
	return v, content, notFound(err)
}

// attach hands uploads in with a submission. One query for any number of them; ErrUpload when one does not fit.
func (q *querier) attach(u User, submission string, uploads []string) error {
	args := []any{submission, u.ID, PurposeSubmission}
	for _, id := range uploads {
		args = append(args, id)
	}
	res, err := q.exec(`UPDATE uploads SET submission_id = ? WHERE owner_id = ? AND purpose = ? AND submission_id IS NULL AND id IN (`+marks(len(uploads))+`)`, args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n != int64(len(uploads)) {
		return fmt.Errorf("%d of %d: %w", int64(len(uploads))-n, len(uploads), ErrUpload)
	}
	return err
}

// attachments of a submission. One query.
func (q *querier) attachments(submission string) ([]Upload, error) {
	return collect(q, func(r *sql.Rows, v *Upload) error {
		defer v.link()
		return r.Scan(v.fields()...)
	}, `SELECT id, name, type, size, sha256 FROM uploads WHERE submission_id = ? ORDER BY created_at, id`, submission)
}

// marks is n placeholders.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }
