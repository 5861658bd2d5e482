// Asks for one page at a fixed rate over a fixed number of connections, whether or not the server keeps up.
//
// Every request has a time at which it is due; its latency counts from then, also if the connection was still busy.
// A request and a buffer are made once for each connection, so that the client leaves the processors to the server.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// A connection that gets no answer for so long after the end is given up.
const patience = 10 * time.Second

var (
	endOfHead = []byte("\r\n\r\n")
	length    = []byte("\r\nContent-Length: ")
	good      = []byte("HTTP/1.1 200 ")
)

type plan struct {
	start    time.Time
	interval time.Duration
	requests int
}

type outcome struct {
	latencies []time.Duration
	good      int
	last      time.Time
	err       error
}

func main() {
	rate := flag.Int("rate", 10_000, "requests a second, of all connections together")
	connections := flag.Int("connections", 100, "connections")
	seconds := flag.Float64("seconds", 60, "for how long")
	encoding := flag.String("encoding", "", "Accept-Encoding")
	flag.Parse()
	target, err := url.Parse(flag.Arg(0))
	if flag.NArg() != 1 || err != nil {
		log.Fatal("expected: punctual [options] URL")
	}
	runtime.GOMAXPROCS(1)
	opened := make([]net.Conn, *connections)
	for i := range opened {
		if opened[i], err = net.Dial("tcp", target.Host); err != nil {
			log.Fatal(err)
		}
	}
	interval := time.Duration(float64(time.Second) * float64(*connections) / float64(*rate))
	requests := int(*seconds * float64(time.Second) / float64(interval))
	start := time.Now().Add(100 * time.Millisecond)
	outcomes := make([]outcome, *connections)
	var all sync.WaitGroup
	for i, connection := range opened {
		first := start.Add(interval * time.Duration(i) / time.Duration(*connections))
		all.Add(1)
		go func() {
			defer all.Done()
			outcomes[i] = ask(connection, request(target, *encoding), plan{first, interval, requests})
		}()
	}
	all.Wait()
	report(outcomes, start, requests**connections)
}

func request(target *url.URL, encoding string) []byte {
	head := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\n", target.RequestURI(), target.Host)
	if encoding != "" {
		head += "Accept-Encoding: " + encoding + "\r\n"
	}
	return []byte(head + "\r\n")
}

func ask(connection net.Conn, request []byte, plan plan) (done outcome) {
	defer connection.Close()
	end := plan.start.Add(plan.interval * time.Duration(plan.requests))
	if done.err = connection.SetDeadline(end.Add(patience)); done.err != nil {
		return done
	}
	buffer := make([]byte, 64<<10)
	done.latencies = make([]time.Duration, 0, plan.requests)
	for i := range plan.requests {
		due := plan.start.Add(plan.interval * time.Duration(i))
		time.Sleep(time.Until(due))
		if _, done.err = connection.Write(request); done.err != nil {
			return done
		}
		ok, err := read(connection, buffer)
		if err != nil {
			done.err = err
			return done
		}
		done.last = time.Now()
		done.latencies = append(done.latencies, done.last.Sub(due))
		if ok {
			done.good++
		}
	}
	return done
}

// Reads one answer; true if its status is 200.
func read(connection net.Conn, buffer []byte) (bool, error) {
	filled, body := 0, -1
	for body < 0 {
		n, err := connection.Read(buffer[filled:])
		if err != nil {
			return false, err
		}
		filled += n
		body = bytes.Index(buffer[:filled], endOfHead)
	}
	head := buffer[:body]
	at := bytes.Index(head, length)
	if at < 0 {
		return false, fmt.Errorf("expected Content-Length, got %q", head)
	}
	text, _, _ := bytes.Cut(head[at+len(length):], []byte("\r\n"))
	size, err := strconv.Atoi(string(text))
	if err != nil {
		return false, err
	}
	ok := bytes.HasPrefix(head, good)
	for left := body + len(endOfHead) + size - filled; left > 0; {
		n, err := connection.Read(buffer[:min(left, len(buffer))])
		if err != nil {
			return false, err
		}
		left -= n
	}
	return ok, nil
}

func report(outcomes []outcome, start time.Time, asked int) {
	var latencies []time.Duration
	good, failed, last := 0, 0, start
	for _, one := range outcomes {
		latencies = append(latencies, one.latencies...)
		good += one.good
		if one.last.After(last) {
			last = one.last
		}
		if one.err != nil {
			if failed++; failed == 1 {
				log.Print(one.err)
			}
		}
	}
	if failed > 1 {
		log.Printf("and %d connections more", failed-1)
	}
	slices.Sort(latencies)
	said := map[string]float64{
		"asked":    float64(asked),
		"answered": float64(len(latencies)),
		"good":     float64(good),
		"seconds":  last.Sub(start).Seconds(),
		"median":   share(latencies, 0.5),
		"p99":      share(latencies, 0.99),
		"longest":  share(latencies, 1),
		"cpu":      cpu(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		log.Fatal(err)
	}
}

// In milliseconds; what has not been answered is not in it.
func share(sorted []time.Duration, part float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(part*float64(len(sorted)-1))].Seconds() * 1e3
}

// Seconds of processor that this client has taken.
func cpu() float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
