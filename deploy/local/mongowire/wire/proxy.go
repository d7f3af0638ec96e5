// Package wire forwards the MongoDB wire protocol to a server, one writing command at a time.
package wire

import (
	"errors"
	"net"
	"sync"
	"time"
)

// Proxy stands between clients and FerretDB, and lets one writing command through at a time; reads pass freely.
//
// FerretDB 1.24 on SQLite reads and then writes in update and findAndModify without a transaction around the two. Left
// alone, two concurrent conditional updates both see the old document and one of them is lost, and writers that meet
// fail with SQLITE_BUSY. With one writer at a time a conditional update is atomic, which is all that Parley's stores ask.
type Proxy struct {
	listener net.Listener
	dial     func() (net.Conn, error)

	writing sync.Mutex // held from before a writing command is forwarded until its reply has arrived

	mu      sync.Mutex // guards what follows
	closing bool
	clients map[net.Conn]struct{}
	running sync.WaitGroup
}

// NewProxy makes a proxy from the clients that listener accepts to the server that dial connects to.
func NewProxy(listener net.Listener, dial func() (net.Conn, error)) *Proxy {
	return &Proxy{listener: listener, dial: dial, clients: map[net.Conn]struct{}{}}
}

// Serve accepts clients until Shutdown is called or the listener fails.
func (p *Proxy) Serve() error {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}

		if err != nil {
			return err
		}

		if !p.enter(client) {
			_ = client.Close()
			return nil
		}

		go func() {
			defer p.leave(client)
			p.relay(client)
		}()
	}
}

// relay forwards one client's commands, one after the other, until either side closes. A driver waits for the reply
// before it sends the next command on a connection, so that nothing is gained by reading ahead.
func (p *Proxy) relay(client net.Conn) {
	server, err := p.dial()
	if err != nil {
		return
	}
	defer server.Close()

	var request, reply message

	for {
		if request, err = readMessage(client, request); err != nil {
			return
		}

		if reply, err = p.exchange(server, request, reply); err != nil {
			return
		}

		if !request.expectsReply() {
			continue
		}

		if _, err = client.Write(reply); err != nil {
			return
		}
	}
}

// exchange sends one command and waits for its reply. FerretDB answers each command with one message, those too that
// expect none.
func (p *Proxy) exchange(server net.Conn, request message, buf []byte) (message, error) {
	if request.mayWrite() {
		p.writing.Lock()
		defer p.writing.Unlock()
	}

	if _, err := server.Write(request); err != nil {
		return nil, err
	}

	return readMessage(server, buf)
}

// Shutdown stops accepting, lets commands that are under way finish and be answered, and closes all connections.
// It returns false when that took longer than the timeout.
func (p *Proxy) Shutdown(timeout time.Duration) bool {
	_ = p.listener.Close()

	p.mu.Lock()
	p.closing = true
	for client := range p.clients {
		// Ends the wait for a next command and leaves the writing of a reply alone.
		_ = client.SetReadDeadline(time.Now())
	}
	p.mu.Unlock()

	done := make(chan struct{})
	go func() {
		p.running.Wait()
		close(done)
	}()

	select {
	case <-done:
		return true
	case <-time.After(timeout):
		return false
	}
}

// enter registers a client; it returns false when the proxy is shutting down.
func (p *Proxy) enter(client net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()

	if p.closing {
		return false
	}

	p.clients[client] = struct{}{}
	p.running.Add(1)

	return true
}

func (p *Proxy) leave(client net.Conn) {
	_ = client.Close()

	p.mu.Lock()
	delete(p.clients, client)
	p.mu.Unlock()

	p.running.Done()
}
