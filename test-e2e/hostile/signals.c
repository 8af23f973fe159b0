/* Signals: caught, queued, restarting calls, and those that tracers use themselves. */
#include "hostile.h"

#include <sys/time.h>
#include <time.h>

static volatile sig_atomic_t caught[65];

static void catch(int number)
{
	caught[number]++;
}

/*
 * catch SIGNALS…: says `ready`, then sleeps for ever and prints `caught N` for each signal of the list; leaves on the
 * last of the list.
 */
int catch_signals(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = catch };
	sigset_t set, before;

	if (argc < 2)
		return 99;
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, &before);
	for (int at = 1; at < argc; at++)
		sigaction(atoi(argv[at]), &action, NULL);
	puts("ready");
	fflush(stdout);
	for (;;) {
		sigsuspend(&before);
		for (int at = 1; at < argc; at++) {
			int number = atoi(argv[at]);

			while (caught[number]) {
				caught[number]--;
				printf("caught %d\n", number);
				fflush(stdout);
				if (at == argc - 1)
					return 0;
			}
		}
	}
}

/* rt-signals: queued real-time signals arrive in order, each with its value. */
static int rt_values[32];
static volatile int rt_count;

static void rt_catch(int number, siginfo_t *info, void *unused)
{
	(void)number;
	(void)unused;
	if (rt_count < 32)
		rt_values[rt_count++] = info->si_value.sival_int;
}

int rt_signals(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = rt_catch, .sa_flags = SA_SIGINFO };
	sigset_t set;
	int wrong = 0;

	(void)argc;
	(void)argv;
	sigaction(SIGRTMIN + 3, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 3);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (int at = 0; at < 20; at++) {
		union sigval value = { .sival_int = at * 7 };

		if (sigqueue(getpid(), SIGRTMIN + 3, value))
			fatal("sigqueue");
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (int at = 0; at < 20; at++)
		wrong += rt_values[at] != at * 7;
	printf("caught=%d wrong=%d\n", rt_count, wrong);
	return 0;
}

/* restart: a read and a poll interrupted by a signal with SA_RESTART, a nanosleep stopped and continued. */
int restart(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = catch, .sa_flags = SA_RESTART };
	struct timespec wait = { .tv_nsec = 300000000 };
	struct itimerval timer = { .it_interval = { 0, 20000 }, .it_value = { 0, 20000 } };
	int pipes[2], status;
	char byte;
	pid_t child;

	(void)argc;
	(void)argv;
	sigaction(SIGALRM, &action, NULL);
	if (pipe(pipes))
		fatal("pipe");
	child = fork();
	if (child == 0) {
		nanosleep(&wait, NULL);
		_exit(write(pipes[1], "r", 1) != 1);
	}
	setitimer(ITIMER_REAL, &timer, NULL);
	if (read(pipes[0], &byte, 1) != 1)
		fatal("read");
	if (waitpid(child, &status, 0) != child)
		fatal("waitpid");
	memset(&timer, 0, sizeof(timer));
	setitimer(ITIMER_REAL, &timer, NULL);
	child = fork();
	if (child == 0)
		_exit(nanosleep(&wait, NULL) != 0);
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGCONT);
	if (waitpid(child, &status, 0) != child || status)
		fatal("the sleep did not go on after the stop");
	printf("restarted=%d\n", caught[SIGALRM] > 0);
	return 0;
}

/* trap: an int3 and a raise(SIGTRAP) are the program's own. */
int trap(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	signal(SIGTRAP, catch);
	__asm__ volatile("int3");
	raise(SIGTRAP);
	kill(getpid(), SIGTRAP);
	printf("traps=%d\n", caught[SIGTRAP]);
	return 0;
}
