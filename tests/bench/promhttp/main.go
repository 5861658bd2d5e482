// Serves a page of a given number of series through promhttp, to compare with.
package main

import (
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("expected: promhttp ADDRESS SERIES")
	}
	series, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatalf("series: got %q, expected a number", os.Args[2])
	}
	registry := prometheus.NewRegistry()
	gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "bench_endpoint_last_success_timestamp_seconds",
		Help: "A family with labels about as long as ours.",
	}, []string{"source", "endpoint", "reason"})
	registry.MustRegister(gauge)
	for number := 0; number < series; number++ {
		gauge.WithLabelValues("mempool_space", "endpoint_"+strconv.Itoa(number), "inconsistent").Set(float64(number) + 0.5)
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
