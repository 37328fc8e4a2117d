package sqlcount

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"
)

// Connector makes counted connections from those of Base.
type Connector struct {
	Base driver.Connector
}

// Connect opens a connection whose statements are counted.
func (c Connector) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := c.Base.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: base}, nil
}

// Driver is that of Base.
func (c Connector) Driver() driver.Driver { return c.Base.Driver() }

// conn passes everything on; where the driver below lacks an optional interface it answers as database/sql expects
// of a driver without it.
type conn struct{ driver.Conn }

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	var base driver.Stmt
	var err error
	if p, ok := c.Conn.(driver.ConnPrepareContext); ok {
		base, err = p.PrepareContext(ctx, query)
	} else {
		base, err = c.Conn.Prepare(query)
	}
	if err != nil {
		return nil, err
	}
	return &stmt{Stmt: base, conn: c.Conn}, nil
}

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if b, ok := c.Conn.(driver.ConnBeginTx); ok {
		return b.BeginTx(ctx, opts)
	}
	return nil, errors.New("sqlcount: the driver cannot begin a transaction with a context")
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	q, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, driver.ErrSkip // database/sql prepares it, and stmt counts it
	}
	m, start := meterOf(ctx), time.Now()
	r, err := q.QueryContext(ctx, query, args)
	if errors.Is(err, driver.ErrSkip) {
		return nil, err
	}
	m.count(start)
	return counted(r, m), err
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	e, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	m, start := meterOf(ctx), time.Now()
	res, err := e.ExecContext(ctx, query, args)
	if !errors.Is(err, driver.ErrSkip) {
		m.count(start)
	}
	return res, err
}

func (c *conn) Ping(ctx context.Context) error {
	if p, ok := c.Conn.(driver.Pinger); ok {
		return p.Ping(ctx)
	}
	return nil
}

func (c *conn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *conn) IsValid() bool {
	if v, ok := c.Conn.(driver.Validator); ok {
		return v.IsValid()
	}
	return true
}

func (c *conn) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := c.Conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type stmt struct {
	driver.Stmt
	conn driver.Conn
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	q, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.New("sqlcount: the driver cannot query with a context")
	}
	m, start := meterOf(ctx), time.Now()
	r, err := q.QueryContext(ctx, args)
	m.count(start)
	return counted(r, m), err
}

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	e, ok := s.Stmt.(driver.StmtExecContext)
	if !ok {
		return nil, errors.New("sqlcount: the driver cannot execute with a context")
	}
	m, start := meterOf(ctx), time.Now()
	defer m.count(start)
	return e.ExecContext(ctx, args)
}

func (s *stmt) CheckNamedValue(v *driver.NamedValue) error {
	if n, ok := s.Stmt.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	if n, ok := s.conn.(driver.NamedValueChecker); ok {
		return n.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

// rows adds the time of fetching: SQLite does its work row by row.
type rows struct {
	driver.Rows
	meter *Meter
}

func counted(r driver.Rows, m *Meter) driver.Rows {
	if r == nil || m == nil {
		return r
	}
	return &rows{Rows: r, meter: m}
}

func (r *rows) Next(dest []driver.Value) error {
	start := time.Now()
	err := r.Rows.Next(dest)
	r.meter.spend(start)
	return err
}
