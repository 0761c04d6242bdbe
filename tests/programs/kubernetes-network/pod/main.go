// Package main is what pods of the tests are made of: it waits, or says which addresses can be reached.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "connect" {
		connect(os.Args[2:])
		return
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	<-stop
}

// connect prints each address that takes a connection, a line each.
func connect(addresses []string) {
	var tries sync.WaitGroup
	for _, address := range addresses {
		tries.Add(1)
		go func() {
			defer tries.Done()
			connection, err := net.DialTimeout("tcp", address, 5*time.Second)
			if err == nil {
				connection.Close()
				fmt.Println(address)
			}
		}()
	}
	tries.Wait()
}
