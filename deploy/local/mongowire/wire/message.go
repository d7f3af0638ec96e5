package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Sizes and codes of the MongoDB wire protocol. All integers are little-endian.
const (
	headerSize = 16
	// maxMessageSize is the protocol's limit, maxMessageSizeBytes of a server's hello.
	maxMessageSize = 48_000_000

	opQuery = 2004 // only ever carries the handshake nowadays
	opMsg   = 2013

	flagMoreToCome = 1 << 1 // the sender of the message expects no reply

	sectionBody     = 0
	sectionSequence = 1
)

// message is one whole wire message, header included.
type message []byte

// readMessage reads one whole message into buf, which is grown when it is too small.
// The error is io.EOF when the peer closed the connection between two messages.
func readMessage(r io.Reader, buf []byte) (message, error) {
	if cap(buf) < headerSize {
		buf = make([]byte, 4096)
	}

	buf = buf[:headerSize]
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, err
	}

	size := int(binary.LittleEndian.Uint32(buf))
	if size < headerSize || size > maxMessageSize {
		return nil, fmt.Errorf("message of %d bytes", size)
	}

	if cap(buf) < size {
		buf = append(make([]byte, 0, size), buf...)
	}

	buf = buf[:size]
	if _, err := io.ReadFull(r, buf[headerSize:]); err != nil {
		return nil, err
	}

	return buf, nil
}

func (m message) opCode() uint32 { return binary.LittleEndian.Uint32(m[12:]) }

// expectsReply is false for a command that was sent as unacknowledged (write concern w: 0).
func (m message) expectsReply() bool {
	if m.opCode() != opMsg || len(m) < headerSize+4 {
		return true
	}

	return binary.LittleEndian.Uint32(m[headerSize:])&flagMoreToCome == 0
}

// mayWrite tells whether the message may change data. What is not known to only read counts as writing: letting a
// read wait costs a moment, letting a write pass unordered loses data.
func (m message) mayWrite() bool {
	switch m.opCode() {
	case opQuery:
		return false
	case opMsg:
		name, err := m.commandName()
		return err != nil || !readOnly[name]
	default:
		return true
	}
}

// commandName is the first key of the body section, which is what names a command.
func (m message) commandName() (string, error) {
	rest := []byte(m[headerSize:])
	if len(rest) < 4 {
		return "", errTruncated
	}

	rest = rest[4:] // flag bits

	for len(rest) > 0 {
		kind := rest[0]
		rest = rest[1:]

		if len(rest) < 4 {
			return "", errTruncated
		}

		switch kind {
		case sectionBody:
			return firstKey(rest)
		case sectionSequence: // may stand before the body
			size := int(binary.LittleEndian.Uint32(rest))
			if size < 4 || size > len(rest) {
				return "", errTruncated
			}

			rest = rest[size:]
		default:
			return "", fmt.Errorf("section of kind %d", kind)
		}
	}

	return "", errTruncated
}

var errTruncated = errors.New("truncated message")

// firstKey is the name of a BSON document's first element: after the length (4 bytes) and the element's type (1),
// up to the zero byte.
func firstKey(doc []byte) (string, error) {
	const before = 4 + 1
	if len(doc) <= before {
		return "", errTruncated
	}

	key, _, found := bytes.Cut(doc[before:], []byte{0})
	if !found {
		return "", errTruncated
	}

	return string(key), nil
}

// readOnly are the commands that change nothing. FerretDB 1.24 has no aggregation stage that writes ($out, $merge).
var readOnly = map[string]bool{
	"aggregate":        true,
	"buildInfo":        true,
	"buildinfo":        true,
	"collStats":        true,
	"connectionStatus": true,
	"count":            true,
	"dbStats":          true,
	"dbstats":          true,
	"distinct":         true,
	"endSessions":      true,
	"explain":          true,
	"find":             true,
	"getMore":          true,
	"getParameter":     true,
	"hello":            true,
	"hostInfo":         true,
	"isMaster":         true,
	"ismaster":         true,
	"killCursors":      true,
	"listCollections":  true,
	"listDatabases":    true,
	"listIndexes":      true,
	"ping":             true,
	"serverStatus":     true,
}
