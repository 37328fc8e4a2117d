package exchange

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The schema that other programs read with says what the codec writes: every
// number, with the wire type of its declared type.
func TestSchemaSaysWhatTheCodecWrites(t *testing.T) {
	src, err := os.ReadFile("../../docs/formats/recording.proto")
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	message := ""
	for line := range strings.SplitSeq(string(src), "\n") {
		if m := regexp.MustCompile(`^message (\w+) `).FindStringSubmatch(line); m != nil {
			message = m[1]
		}
		if m := regexp.MustCompile(`^  (?:repeated )?(\w+) (\w+) = (\d+);`).FindStringSubmatch(line); m != nil {
			wire := "bytes"
			if regexp.MustCompile(`^(u?int(32|64)|bool)$`).MatchString(m[1]) {
				wire = "varint"
			}
			declared = append(declared, fmt.Sprintf("%s.%s %s %s", message, m[2], m[3], wire))
		}
	}
	var written []string
	for name, tag := range map[string]uint64{
		"Exchange.seq": xSeq, "Exchange.start": xStart, "Exchange.target": xTarget, "Exchange.client": xClient, "Exchange.conn": xConn, "Exchange.labels": xLabels,
		"Exchange.request": xRequest, "Exchange.response": xResponse, "Exchange.failure": xFailure, "Exchange.timing": xTiming, "Exchange.relations": xRelations, "Exchange.frames": xFrames,
		"Timestamp.seconds": startSeconds, "Timestamp.nanos": startNanos,
		"Request.method": reqMethod, "Request.scheme": reqScheme, "Request.host": reqHost, "Request.target": reqTarget, "Request.proto": reqProto,
		"Request.header": reqHeader, "Request.trailer": reqTrailer, "Request.body": reqBody,
		"Response.status": resStatus, "Response.proto": resProto, "Response.interim": resInterim, "Response.header": resHeader, "Response.trailer": resTrailer, "Response.body": resBody,
		"Field.name": fieldName, "Field.value": fieldValue,
		"Body.size": bodySize, "Body.decoded": bodyDecoded, "Body.encoding": bodyEncoding, "Body.data": bodyData, "Body.cut": bodyCut, "Body.digest": bodyDigest, "Body.chunks": bodyChunks,
		"Chunk.at": chunkAt, "Chunk.size": chunkSize,
		"Frame.at": frameAt, "Frame.to_host": frameToHost, "Frame.opcode": frameOpcode, "Frame.size": frameSize, "Frame.data": frameData,
		"Timing.request_end": timingRequestEnd, "Timing.first_byte": timingFirstByte, "Timing.end": timingEnd,
		"Failure.stage": failStage, "Failure.reason": failReason,
		"Relation.from": relFrom, "Relation.to": relTo, "Relation.how": relHow,
	} {
		wire := map[uint64]string{varint: "varint", bytes: "bytes"}[tag&7]
		written = append(written, fmt.Sprintf("%s %d %s", name, tag>>3, wire))
	}
	slices.Sort(declared)
	slices.Sort(written)
	if !slices.Equal(declared, written) {
		t.Errorf("the schema declares\n%s\nand the codec writes\n%s", strings.Join(declared, "\n"), strings.Join(written, "\n"))
	}
}
