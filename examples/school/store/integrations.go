package store

import (
	"context"
	crand "crypto/rand"
	"database/sql"
)

// The states of an integration.
const (
	IntegrationConnected = "connected"
	IntegrationError     = "error"
	IntegrationOff       = "off"
)

// Integration is a program that the school exchanges data with. Kind is roster, lms, sso or library.
type Integration struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Kind     string  `json:"kind"`
	Status   string  `json:"status"`
	LastSync Instant `json:"last_sync"`
}

const integrationSelect = `SELECT id, name, kind, status, last_sync FROM integrations`

func (v *Integration) fields() []any { return []any{&v.ID, &v.Name, &v.Kind, &v.Status, &v.LastSync} }

// Integrations are all of them, by name. One query.
func (s *Store) Integrations(ctx context.Context) ([]Integration, error) {
	return collect(s.reader(ctx), func(r *sql.Rows, v *Integration) error { return r.Scan(v.fields()...) }, integrationSelect+` ORDER BY name, id`)
}

// Sync is one exchange of data. Status is queued, done or failed.
type Sync struct {
	ID        string  `json:"id"`
	Status    string  `json:"status"`
	Records   int     `json:"records"`
	StartedAt Instant `json:"started_at"`
}

// IntegrationDetail is an integration with its newest ten exchanges.
type IntegrationDetail struct {
	Integration
	Syncs []Sync `json:"syncs"`
}

// Integration is one of them. Two queries.
func (s *Store) Integration(ctx context.Context, id string) (d IntegrationDetail, err error) {
	q := s.reader(ctx)
	if err = q.row(integrationSelect+` WHERE id = ?`, id).Scan(d.fields()...); err != nil {
		return d, notFound(err)
	}
	d.Syncs, err = collect(q, func(r *sql.Rows, v *Sync) error { return r.Scan(&v.ID, &v.Status, &v.Records, &v.StartedAt) },
		`SELECT id, status, records, started_at FROM syncs WHERE integration_id = ? ORDER BY started_at DESC, id LIMIT 10`, id)
	return d, err
}

// StartSync asks for an exchange of data with an integration, which is connected from then on; ErrOff when it is
// switched off. Three queries.
func (s *Store) StartSync(ctx context.Context, u User, id string) (v Integration, job string, err error) {
	err = s.tx(ctx, func(q *querier) error {
		if err := q.row(integrationSelect+` WHERE id = ?`+s.lock(), id).Scan(v.fields()...); err != nil {
			return notFound(err)
		}
		if v.Status == IntegrationOff {
			return ErrOff
		}
		v.Status, v.LastSync, job = IntegrationConnected, now(), "job_"+shortID(crand.Reader)[:16]
		if _, err := q.exec(`INSERT INTO syncs VALUES (?, ?, ?, 'queued', 0, ?)`, job, id, u.ID, int64(v.LastSync)); err != nil {
			return err
		}
		_, err := q.exec(`UPDATE integrations SET status = ?, last_sync = ? WHERE id = ?`, v.Status, int64(v.LastSync), id)
		return err
	})
	return v, job, err
}
