// Mongowire is the database of a local Parley: it speaks the MongoDB wire protocol and keeps its data in one
// folder, so that nothing but a Go toolchain is needed to run the whole system. It is FerretDB 1.24 with its SQLite
// backend, used as a library, behind a proxy that lets one writing command through at a time (see wire/proxy.go).
//
// It is for development and tests. Everywhere else Parley uses MongoDB.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"

	"parley/mongowire/wire"
)

// shutdownTimeout bounds the wait for commands that are under way when the process is told to stop.
const shutdownTimeout = 5 * time.Second

// socketName is where FerretDB listens, relative to the data folder. Relative because the path of a unix socket may
// not be longer than about 100 bytes, and a test's temporary folder easily is.
const socketName = "ferretdb.sock"

// lockName is a file that is locked while a process uses the folder.
const lockName = "mongowire.lock"

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "host:port to listen on")
	data := flag.String("data", "", "folder of the data; made when it is not there")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	if err := run(ctx, *listen, *data); err != nil {
		fmt.Fprintln(os.Stderr, "mongowire:", err)
		os.Exit(1)
	}
}

// run serves until ctx is cancelled, then lets running commands finish and closes the database.
func run(ctx context.Context, listen, data string) error {
	if data == "" {
		return errors.New("--data is missing: the folder to keep the data in")
	}

	if err := enterFolder(data); err != nil {
		return err
	}

	// Bound before the database opens, so that a busy port is reported before anything is touched.
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}

	db, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socketName},
		Handler:   "sqlite",
		SQLiteURL: "file:./",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}

	// Not derived from ctx: the database outlives the signal by the time that running commands need.
	dbCtx, closeDB := context.WithCancel(context.Background())
	defer closeDB()

	dbClosed := make(chan error, 1)
	go func() { dbClosed <- db.Run(dbCtx) }()

	p := wire.NewProxy(listener, func() (net.Conn, error) { return net.Dial("unix", socketName) })

	served := make(chan error, 1)
	go func() { served <- p.Serve() }()

	fmt.Printf("mongowire: ready on mongodb://%s/, data in %s\n", listener.Addr(), data)

	select {
	case <-ctx.Done():
	case err = <-served:
		return err
	}

	if !p.Shutdown(shutdownTimeout) {
		fmt.Fprintln(os.Stderr, "mongowire: stopped with commands still running after", shutdownTimeout)
	}

	closeDB()

	return <-dbClosed
}

// enterFolder makes the data folder the working directory, takes its lock, and removes the socket that a killed
// process leaves behind. The lock comes first: without it the socket of a living process would be removed.
func enterFolder(data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}

	if err := os.Chdir(data); err != nil {
		return err
	}

	// Never closed: the lock is held until the process ends, however it ends.
	lock, err := os.OpenFile(lockName, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}

	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another process uses the data folder %s (%w)", data, err)
	}

	heldLock = lock

	if err := os.Remove(socketName); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}

	return nil
}

// heldLock keeps the lock's file reachable: the garbage collector closes a file that is not.
var heldLock *os.File
