package wire

import (
	"net"
	"sync"
	"testing"
	"time"
)

// server answers each command when the test says so, and reports those that have arrived.
type server struct {
	arrived chan string
	answer  chan struct{}
}

func (s *server) run(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}

		go func() {
			for {
				m, err := readMessage(conn, nil)
				if err != nil {
					return
				}

				name, _ := m.commandName()
				s.arrived <- name
				<-s.answer
				_, _ = conn.Write(m)
			}
		}()
	}
}

func start(t *testing.T) (*Proxy, *server, func() net.Conn) {
	t.Helper()

	backend, frontend := listen(t), listen(t)
	s := &server{arrived: make(chan string, 10), answer: make(chan struct{})}
	go s.run(backend)

	p := NewProxy(frontend, func() (net.Conn, error) { return net.Dial("tcp", backend.Addr().String()) })
	go func() { _ = p.Serve() }()
	t.Cleanup(func() { p.Shutdown(0) })

	return p, s, func() net.Conn {
		conn, err := net.Dial("tcp", frontend.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })

		return conn
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })

	return l
}

func TestReadsPassWhileAWriteIsUnderWay(t *testing.T) {
	_, s, connect := start(t)
	_, _ = connect().Write(command(0, body("insert")))
	expectArrival(t, s, "insert")
	_, _ = connect().Write(command(0, body("find")))
	expectArrival(t, s, "find")
	close(s.answer)
}

func TestASecondWriteWaitsForTheReplyToTheFirst(t *testing.T) {
	_, s, connect := start(t)
	_, _ = connect().Write(command(0, body("update")))
	expectArrival(t, s, "update")

	_, _ = connect().Write(command(0, body("delete")))
	// A read that was sent after it has arrived: so would the write have, were it not held back.
	_, _ = connect().Write(command(0, body("find")))
	expectArrival(t, s, "find")

	if len(s.arrived) != 0 {
		t.Fatalf("%s arrived while a write was under way", <-s.arrived)
	}

	close(s.answer)
	expectArrival(t, s, "delete")
}

func TestAClientThatLeavesInTheMiddleOfAWriteHoldsUpNobody(t *testing.T) {
	_, s, connect := start(t)
	leaving := connect()
	_, _ = leaving.Write(command(0, body("update")))
	expectArrival(t, s, "update")
	_ = leaving.Close()

	_, _ = connect().Write(command(0, body("insert")))
	s.answer <- struct{}{}
	expectArrival(t, s, "insert")
	close(s.answer)
}

func TestShutdownLetsARunningCommandBeAnswered(t *testing.T) {
	p, s, connect := start(t)
	busy, idle := connect(), connect()
	_, _ = busy.Write(command(0, body("insert")))
	expectArrival(t, s, "insert")

	var wg sync.WaitGroup
	wg.Go(func() {
		if !p.Shutdown(10 * time.Second) {
			t.Error("shutdown ran into its timeout")
		}
	})

	if _, err := readMessage(idle, nil); err == nil {
		t.Error("an idle client was answered")
	}

	close(s.answer)
	if _, err := readMessage(busy, nil); err != nil {
		t.Errorf("the running command was not answered: %v", err)
	}

	wg.Wait()
}

func expectArrival(t *testing.T, s *server, want string) {
	t.Helper()

	select {
	case got := <-s.arrived:
		if got != want {
			t.Fatalf("%s arrived instead of %s", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%s did not arrive", want)
	}
}
