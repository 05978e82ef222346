// One program that is each part of a Kubernetes control plane, by the name of its first argument, so that tests can
// start real ones from ordinary Go modules, and stop or kill each part alone:
//
//	control-plane etcd|kube-apiserver|kube-controller-manager|kube-scheduler [FLAG...]
//	control-plane guard PROGRAM [ARGUMENT...]
//
// All of them end when their standard input does: nothing is left running when the tests are killed.
// `guard` gives a program that knows nothing of this the same end.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

var parts = map[string]func() *cobra.Command{
	"kube-apiserver":          func() *cobra.Command { return apiserver.NewAPIServerCommand() },
	"kube-controller-manager": func() *cobra.Command { return controllermanager.NewControllerManagerCommand() },
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

// endOfInput calls back once nobody holds the other end of the standard input any more.
func endOfInput(then func()) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		then()
	}()
}

// guard runs a program, and ends it with the standard input.
func guard(arguments []string) int {
	command := exec.Command(arguments[0], arguments[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	endOfInput(func() { _ = command.Process.Kill() })
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		for received := range signals {
			_ = command.Process.Signal(received)
		}
	}()
	if err := command.Wait(); err != nil {
		return 1
	}
	return 0
}

func main() {
	usage := "Usage: control-plane etcd|kube-apiserver|kube-controller-manager|kube-scheduler|guard ..."
	if len(os.Args) < 2 || (os.Args[1] == "guard" && len(os.Args) < 3) {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	name := os.Args[1]
	if name == "guard" {
		os.Exit(guard(os.Args[2:]))
	}
	endOfInput(func() { os.Exit(1) })
	if name == "etcd" {
		etcdmain.Main(os.Args[1:])
		return
	}
	part, known := parts[name]
	if !known {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	command := part()
	command.SetArgs(os.Args[2:])
	os.Exit(cli.Run(command))
}
