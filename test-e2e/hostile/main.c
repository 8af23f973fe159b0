/* hostile NAME ARGUMENTS…: runs the one of the programs in these files that is called NAME. */
#include "hostile.h"

int race_path(int, char **), race_how(int, char **), race_place(int, char **), race_exec(int, char **);
int behalf_race(int, char **), behalf_local(int, char **), behalf_family(int, char **), behalf_name(int, char **);
int behalf_swap(int, char **), behalf_storm(int, char **), behalf_blocked(int, char **);
int behalf_pass(int, char **), behalf_stream(int, char **), behalf_lengths(int, char **);
int race_connect(int, char **), race_sendto(int, char **), race_unix(int, char **);
int clone_flags(int, char **), clone_three(int, char **), own_listener(int, char **), memfd_exec(int, char **);
int secret(int, char **), elders(int, char **), flood(int, char **);
int without(int, char **), without_seccomp(int, char **), outer_listener(int, char **), with_signals(int, char **);
int closed_stdio(int, char **);
int threads(int, char **), forks(int, char **), thread_exec(int, char **), leader_exits(int, char **);
int kill_in_stop(int, char **), stop_continue(int, char **), catch_signals(int, char **), rt_signals(int, char **);
int restart(int, char **), trap(int, char **), linger(int, char **), hang(int, char **), orphans(int, char **);
int tcp_semantics(int, char **), connect_waits(int, char **), local_semantics(int, char **);
int udp_semantics(int, char **);
int state(int, char **), opens(int, char **);
int attributes_path(int, char **), attributes_descriptor(int, char **), attributes_swap(int, char **);
int attributes_drop(int, char **);

static const struct {
	const char *name;
	int (*run)(int, char **);
} programs[] = {
	{ "race-path", race_path },
	{ "race-how", race_how },
	{ "race-swap", race_place },
	{ "race-cwd", race_place },
	{ "race-dirfd", race_place },
	{ "race-exec", race_exec },
	{ "behalf-race", behalf_race },
	{ "behalf-local", behalf_local },
	{ "behalf-family", behalf_family },
	{ "behalf-name", behalf_name },
	{ "behalf-swap", behalf_swap },
	{ "behalf-storm", behalf_storm },
	{ "behalf-blocked", behalf_blocked },
	{ "behalf-pass", behalf_pass },
	{ "behalf-stream", behalf_stream },
	{ "behalf-lengths", behalf_lengths },
	{ "race-connect", race_connect },
	{ "race-sendto", race_sendto },
	{ "race-unix", race_unix },
	{ "clone-flags", clone_flags },
	{ "clone3", clone_three },
	{ "own-listener", own_listener },
	{ "memfd-exec", memfd_exec },
	{ "secret", secret },
	{ "elders", elders },
	{ "flood", flood },
	{ "without", without },
	{ "without-seccomp", without_seccomp },
	{ "outer-listener", outer_listener },
	{ "with-signals", with_signals },
	{ "closed-stdio", closed_stdio },
	{ "threads", threads },
	{ "forks", forks },
	{ "thread-exec", thread_exec },
	{ "leader-exits", leader_exits },
	{ "kill-in-stop", kill_in_stop },
	{ "stop-continue", stop_continue },
	{ "catch", catch_signals },
	{ "rt-signals", rt_signals },
	{ "restart", restart },
	{ "trap", trap },
	{ "linger", linger },
	{ "hang", hang },
	{ "orphans", orphans },
	{ "tcp-semantics", tcp_semantics },
	{ "connect-waits", connect_waits },
	{ "udp-semantics", udp_semantics },
	{ "local-semantics", local_semantics },
	{ "state", state },
	{ "opens", opens },
	{ "attributes-path", attributes_path },
	{ "attributes-descriptor", attributes_descriptor },
	{ "attributes-swap", attributes_swap },
	{ "attributes-drop", attributes_drop },
};

int main(int argc, char **argv)
{
	for (size_t at = 0; argc > 1 && at < sizeof(programs) / sizeof(programs[0]); at++)
		if (!strcmp(programs[at].name, argv[1]))
			return programs[at].run(argc - 1, argv + 1);
	fprintf(stderr, "hostile: no such program\n");
	return 98;
}
