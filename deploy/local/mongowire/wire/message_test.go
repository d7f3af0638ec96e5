package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestMayWrite(t *testing.T) {
	for name, want := range map[string]bool{
		"find": false, "getMore": false, "hello": false, "ping": false, "aggregate": false,
		"insert": true, "update": true, "delete": true, "findAndModify": true, "createIndexes": true, "dropDatabase": true,
		"a command of tomorrow": true,
	} {
		if got := command(0, body(name)).mayWrite(); got != want {
			t.Errorf("%s: mayWrite is %v", name, got)
		}
	}
}

func TestCommandNameStandsInTheBodyWhereverThatIs(t *testing.T) {
	m := command(0, sequence(bytes.Repeat([]byte("document"), 100)), body("insert"))
	if name, err := m.commandName(); name != "insert" || err != nil {
		t.Errorf("got %q, %v", name, err)
	}
}

func TestWhatCannotBeReadCountsAsWriting(t *testing.T) {
	find := command(0, body("find"))
	nameEnd := bytes.Index(find, []byte("find\x00")) + len("find\x00")
	for size := headerSize; size < nameEnd; size++ {
		if cut := find[:size]; !cut.mayWrite() {
			t.Errorf("cut to %d bytes: taken for a read", size)
		}
	}

	compressed := slices.Clone(find)
	binary.LittleEndian.PutUint32(compressed[12:], 2012)
	if !compressed.mayWrite() {
		t.Error("compressed: taken for a read")
	}

	if hostile := command(0, []byte{sectionSequence, 0, 0, 0, 0}); !hostile.mayWrite() {
		t.Error("a section of no size: taken for a read")
	}
}

func TestHandshakeOfOldDoesNotWrite(t *testing.T) {
	m := frame(opQuery, []byte("\x00\x00\x00\x00admin.$cmd\x00"))
	if m.mayWrite() || !m.expectsReply() {
		t.Error("OP_QUERY is the handshake, and is answered")
	}
}

func TestExpectsReply(t *testing.T) {
	if command(flagMoreToCome, body("insert")).expectsReply() {
		t.Error("an unacknowledged write is not answered")
	}
	if !command(1<<16, body("insert")).expectsReply() {
		t.Error("other flags change nothing")
	}
}

func TestReadMessage(t *testing.T) {
	small, large := command(0, body("ping")), command(0, body(strings.Repeat("x", 10_000)))
	stream := bytes.NewReader(slices.Concat(small, large, small))

	var m message
	var err error
	for _, want := range []message{small, large, small} {
		if m, err = readMessage(stream, m); err != nil || !bytes.Equal(m, want) {
			t.Fatalf("got %d bytes, %v", len(m), err)
		}
	}

	if _, err = readMessage(stream, m); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestReadMessageRefusesImpossibleSizes(t *testing.T) {
	for _, size := range []uint32{0, headerSize - 1, maxMessageSize + 1, 1 << 31, 1<<32 - 1} {
		header := make([]byte, headerSize)
		binary.LittleEndian.PutUint32(header, size)
		if _, err := readMessage(bytes.NewReader(header), nil); err == nil {
			t.Errorf("%d bytes: accepted", size)
		}
	}
}

func frame(opCode uint32, payload []byte) message {
	header := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(header, uint32(headerSize+len(payload)))
	binary.LittleEndian.PutUint32(header[12:], opCode)

	return append(header, payload...)
}

func command(flags uint32, sections ...[]byte) message {
	payload := binary.LittleEndian.AppendUint32(nil, flags)
	return frame(opMsg, append(payload, slices.Concat(sections...)...))
}

// body is a section with the document {name: true}.
func body(name string) []byte {
	element := append([]byte{0x08}, name...)
	element = append(element, 0, 1, 0)
	section := []byte{sectionBody}
	section = binary.LittleEndian.AppendUint32(section, uint32(4+len(element)))

	return append(section, element...)
}

func sequence(documents []byte) []byte {
	section := []byte{sectionSequence}
	section = binary.LittleEndian.AppendUint32(section, uint32(4+len(documents)))

	return append(section, documents...)
}
