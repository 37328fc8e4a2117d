package runs

import (
	"cmp"
	"slices"

	bolt "go.etcd.io/bbolt"
	"google.golang.org/protobuf/encoding/protowire"

	"firedrill/internal/sample"
)

// batch is what one commit writes.
type batch struct {
	samples    []sample.Sample
	iterations []sample.Iteration
	drops      []sample.Drop
	users      []sample.Users
	names      *sample.Names
}

// take empties the buffers, all at one moment, so that a commit never has a
// sample without those that one goroutine gave before it. Samples are put into the
// order of their Seq, which is that of completion. All memory is kept for the next
// second; only the committing goroutine calls take.
func (w *Writer) take() batch {
	b := batch{samples: w.reuse[:0]}
	for i := range w.shards {
		w.shards[i].mu.Lock()
	}
	for i := range w.shards {
		part := &w.shards[i]
		part.samples, part.taken = part.taken[:0], part.samples
		part.mu.Unlock()
	}
	for i := range w.shards {
		b.samples = append(b.samples, w.shards[i].taken...)
	}
	w.reuse = b.samples
	slices.SortFunc(b.samples, func(a, c sample.Sample) int { return cmp.Compare(a.Seq, c.Seq) })
	w.other.Lock()
	defer w.other.Unlock()
	b.iterations, w.iterations = w.iterations, nil
	b.drops, w.drops = w.drops, nil
	b.users, w.users = w.users, nil
	b.names, w.names = w.names, nil
	return b
}

// commit writes a batch in one transaction.
func (w *Writer) commit(b batch) error {
	if len(b.samples)+len(b.iterations)+len(b.drops)+len(b.users) == 0 && b.names == nil {
		return nil
	}
	return w.db.Update(func(tx *bolt.Tx) error {
		if b.names != nil {
			if err := putJSON(tx.Bucket(bucketMeta), keyNames, b.names); err != nil {
				return err
			}
		}
		err := blocks(w, tx, bucketSamples, len(b.samples), func(block, record []byte, i int) ([]byte, []byte) {
			record = sample.AppendSample(record[:0], &b.samples[i])
			return appendRecord(block, fieldSample, record), record
		})
		if err != nil {
			return err
		}
		err = blocks(w, tx, bucketIterations, len(b.iterations), func(block, record []byte, i int) ([]byte, []byte) {
			record = sample.AppendIteration(record[:0], &b.iterations[i])
			return appendRecord(block, fieldIteration, record), record
		})
		if err != nil {
			return err
		}
		nd := len(b.drops)
		err = blocks(w, tx, bucketEvents, nd+len(b.users), func(block, record []byte, i int) ([]byte, []byte) {
			var field protowire.Number
			if i < nd {
				field, record = fieldDrop, sample.AppendDrop(record[:0], &b.drops[i])
			} else {
				field, record = fieldUsers, sample.AppendUsers(record[:0], &b.users[i-nd])
			}
			return appendRecord(block, field, record), record
		})
		if err != nil {
			return err
		}
		list := seconds(b.samples)
		return blocks(w, tx, bucketSeconds, len(list), func(block, record []byte, i int) ([]byte, []byte) {
			record = appendSecond(record[:0], &list[i])
			return appendRecord(block, fieldSecond, record), record
		})
	})
}

// blocks writes n records into as many blocks as they need. add appends record i
// to the block; record is a buffer that it may use and gives back.
func blocks(w *Writer, tx *bolt.Tx, bucket []byte, n int, add func(block, record []byte, i int) (newBlock, newRecord []byte)) error {
	if n == 0 {
		return nil
	}
	to := tx.Bucket(bucket)
	to.FillPercent = 0.95 // keys ascend
	var block, record []byte
	for i := range n {
		block, record = add(block, record, i)
		if (i+1)%blockRecords != 0 && i+1 < n {
			continue
		}
		w.blocks++
		if err := to.Put(blockKey(w.blocks), w.encoder.EncodeAll(block, nil)); err != nil {
			return err
		}
		block = block[:0]
	}
	return nil
}
