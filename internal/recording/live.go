package recording

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A file that is being written is locked, so its Writer gives copies to whoever
// of the same user asks: a Unix socket in a folder that only this user can enter
// sends the file as it stood at one commit, behind its length in 8 bytes.

// The bounds of one copy: a reader that stalls holds old pages of the file.
const (
	copyTime = 30 * time.Second
	dialTime = time.Second
	copyMost = 64 << 30
)

// socketOf is where the Writer of a file listens. The same file has the same
// socket by whatever name it is called.
func socketOf(path string) (string, error) {
	real, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if link, err := filepath.EvalSymlinks(real); err == nil {
		real = link
	}
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		dir = os.TempDir()
	}
	sum := sha256.Sum256([]byte(real))
	return filepath.Join(dir, "firedrill-"+strconv.Itoa(os.Getuid()), hex.EncodeToString(sum[:12])+".sock"), nil
}

// ownFolder makes the folder of a socket, and makes sure that nobody else can
// have put something into it.
func ownFolder(socket string) error {
	dir := filepath.Dir(socket)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ownedByUser(info) {
		return fmt.Errorf("%s is not this user's alone", dir)
	}
	return nil
}

// copier gives copies of a database that is being written.
type copier struct {
	db       *bolt.DB
	listener net.Listener
	all      sync.WaitGroup

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]bool
}

// newCopier begins to listen. Without a socket the file is written all the same.
func newCopier(db *bolt.DB, path string) (*copier, error) {
	socket, err := socketOf(path)
	if err != nil {
		return nil, err
	}
	if err := ownFolder(socket); err != nil {
		return nil, err
	}
	os.Remove(socket) // of a Writer that was killed: the lock on the file says that there is no other
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	c := &copier{db: db, listener: l, open: map[net.Conn]bool{}}
	c.all.Go(c.serve)
	return c, nil
}

func (c *copier) serve() {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		if c.closed || len(c.open) >= 4 {
			c.mu.Unlock()
			conn.Close()
			continue
		}
		c.open[conn] = true
		c.all.Go(func() { c.give(conn) })
		c.mu.Unlock()
	}
}

// give sends the file as it stands.
func (c *copier) give(conn net.Conn) {
	defer func() {
		conn.Close()
		c.mu.Lock()
		delete(c.open, conn)
		c.mu.Unlock()
	}()
	conn.SetDeadline(time.Now().Add(copyTime))
	// What goes wrong here goes wrong for the reader, who sees it by the length.
	c.db.View(func(tx *bolt.Tx) error {
		if err := binary.Write(conn, binary.BigEndian, tx.Size()); err != nil {
			return err
		}
		_, err := tx.WriteTo(conn)
		return err
	})
}

// close ends all copies.
func (c *copier) close() {
	if c == nil {
		return
	}
	c.listener.Close() // removes the socket
	c.mu.Lock()
	c.closed = true
	for conn := range c.open {
		conn.Close()
	}
	c.mu.Unlock()
	c.all.Wait()
}

// errNoCopy says that nobody gives copies of a file.
var errNoCopy = errors.New("its recorder gives no copy")

// fetch copies a file that is being written to a new temporary one.
func fetch(path string) (copied string, err error) {
	socket, err := socketOf(path)
	if err != nil {
		return "", err
	}
	if err := ownFolder(socket); err != nil {
		return "", err
	}
	conn, err := net.DialTimeout("unix", socket, dialTime)
	if err != nil {
		return "", errNoCopy
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(copyTime))
	var size int64
	if err := binary.Read(conn, binary.BigEndian, &size); err != nil || size <= 0 || size > copyMost {
		return "", errNoCopy
	}
	f, err := os.CreateTemp("", "firedrill-*.db") // readable by this user only
	if err != nil {
		return "", err
	}
	_, err = io.CopyN(f, conn, size)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
