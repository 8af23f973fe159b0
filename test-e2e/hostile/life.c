/* Births, stops, deaths: what the supervisor has to follow without changing it. */
#include "hostile.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static pthread_barrier_t barrier;
static const char *thread_path;
static int thread_failures;

static void *one_thread(void *unused)
{
	int fd = open(thread_path, O_RDONLY);

	(void)unused;
	if (fd < 0)
		__atomic_add_fetch(&thread_failures, 1, __ATOMIC_SEQ_CST);
	else
		close(fd);
	pthread_barrier_wait(&barrier);
	return NULL;
}

/* threads COUNT PATH: that many alive at once, each of which has opened PATH. */
int threads(int argc, char **argv)
{
	pthread_attr_t attributes;
	pthread_t *all;
	int count;

	if (argc < 3)
		return 99;
	count = atoi(argv[1]);
	thread_path = argv[2];
	all = calloc((size_t)count, sizeof(*all));
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	pthread_barrier_init(&barrier, NULL, (unsigned)count + 1);
	for (int at = 0; at < count; at++)
		if (pthread_create(&all[at], &attributes, one_thread, NULL))
			fatal("pthread_create");
	pthread_barrier_wait(&barrier);
	for (int at = 0; at < count; at++)
		pthread_join(all[at], NULL);
	printf("threads=%d failures=%d\n", count, thread_failures);
	return 0;
}

/* What one child of the storm does: a third of them leave it to a child of their own. */
static void storm(int by_child, const char *path)
{
	int fd;

	if (by_child) {
		int status = 0;
		pid_t grandchild = fork();

		if (grandchild > 0) {
			while (waitpid(grandchild, &status, 0) < 0 && errno == EINTR)
				;
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
		}
	}
	fd = open(path, O_RDONLY);
	_exit(fd < 0);
}

static pid_t vforked(const char *path)
{
	pid_t child = vfork();

	if (child == 0) {
		int fd = open(path, O_RDONLY);

		_exit(fd < 0);
	}
	return child;
}

/* forks COUNT PATH: COUNT children at once, a third each by fork, by vfork and with a child of their own. */
int forks(int argc, char **argv)
{
	int count, failures = 0, status;

	if (argc < 3)
		return 99;
	count = atoi(argv[1]);
	for (int at = 0; at < count; at++) {
		pid_t child = at % 3 == 0 ? vforked(argv[2]) : fork();

		if (child == 0)
			storm(at % 3 == 1, argv[2]);
		failures += child < 0;
	}
	while (wait(&status) > 0)
		failures += status != 0;
	printf("forks=%d failures=%d\n", count, failures);
	return 0;
}

static void *exec_thread(void *argument)
{
	char **argv = argument;

	execv(argv[0], argv);
	return NULL;
}

static void *idle_thread(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* thread-exec COMMAND…: executed by a thread that is not the leader, while the leader and others wait. */
int thread_exec(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2)
		return 99;
	for (int at = 0; at < 8; at++)
		if (pthread_create(&thread, NULL, idle_thread, NULL))
			fatal("pthread_create");
	if (pthread_create(&thread, NULL, exec_thread, argv + 1))
		fatal("pthread_create");
	pthread_join(thread, NULL);
	return 98;
}

/* leader-exits PATH: the leader of the thread group ends before its thread does; the thread decides the status. */
static void *last_thread(void *argument)
{
	int fd;

	/* A leader that has ended is a zombie until the last thread goes: nothing tells us, so look until it is one. */
	for (;;) {
		char name[64], text[256] = { 0 };
		ssize_t count;

		snprintf(name, sizeof(name), "/proc/self/task/%d/stat", getpid());
		fd = open(name, O_RDONLY);
		if (fd < 0)
			break;
		count = read(fd, text, sizeof(text) - 1);
		close(fd);
		if (count > 0 && strstr(text, ") Z "))
			break;
		sched_yield();
	}
	fd = open(argument, O_RDONLY);
	exit(fd < 0 ? 97 : 23);
}

int leader_exits(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2 || pthread_create(&thread, NULL, last_thread, argv[1]))
		return 99;
	pthread_exit(NULL);
}

static void opens_for_ever(const char *path)
{
	for (;;) {
		int fd = open(path, O_RDONLY);

		if (fd >= 0)
			close(fd);
	}
}

/* opens PATH: says its process id, then does nothing but calls that are held. */
int opens(int argc, char **argv)
{
	if (argc < 2)
		return 99;
	printf("pid %d\n", getpid());
	fflush(stdout);
	opens_for_ever(argv[1]);
	return 0;
}

/* kill-in-stop COUNT PATH: children that do nothing but calls that are held, killed at any moment of it. */
int kill_in_stop(int argc, char **argv)
{
	int count, odd = 0;

	if (argc < 3)
		return 99;
	count = atoi(argv[1]);
	for (int at = 0; at < count; at++) {
		int status = 0, ready[2];
		char byte;
		pid_t child;

		if (pipe(ready))
			fatal("pipe");
		child = fork();
		if (child < 0)
			fatal("fork");
		if (child == 0) {
			if (write(ready[1], "", 1) != 1)
				_exit(98);
			opens_for_ever(argv[2]);
		}
		if (read(ready[0], &byte, 1) != 1)
			fatal("read");
		for (int left = at * 997 % 40000; left; left--)
			__asm__ volatile("pause");
		kill(child, SIGKILL);
		if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			odd++;
		close(ready[0]);
		close(ready[1]);
	}
	printf("killed=%d odd=%d\n", count, odd);
	return 0;
}

/* stop-continue COUNT PATH: a child is stopped and continued amid held calls; its parent must see each of both. */
int stop_continue(int argc, char **argv)
{
	int count, status, seen = 0;
	pid_t child;

	if (argc < 3)
		return 99;
	count = atoi(argv[1]);
	child = fork();
	if (child == 0)
		opens_for_ever(argv[2]);
	for (int at = 0; at < count; at++) {
		kill(child, at % 2 ? SIGTSTP : SIGSTOP);
		if (waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) &&
		    WSTOPSIG(status) == (at % 2 ? SIGTSTP : SIGSTOP))
			seen++;
		kill(child, SIGCONT);
		if (waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status))
			seen++;
	}
	kill(child, SIGSTOP);
	waitpid(child, &status, WUNTRACED);
	kill(child, SIGKILL);
	if (waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		seen++;
	printf("seen=%d of %d\n", seen, 2 * count + 1);
	return 0;
}

/*
 * linger STATUS [SECRET]: prints a child's id and leaves with STATUS; the child outlives it and waits for a byte (or
 * the end) on stdin, then tries SECRET and prints how that went. With `detach` as third argument it is a daemon: a
 * session of its own and a grandchild of nobody.
 */
int linger(int argc, char **argv)
{
	pid_t child;

	if (argc < 2)
		return 99;
	if (argc > 3) {
		child = fork();
		if (child > 0) {
			waitpid(child, NULL, 0);
			return atoi(argv[1]);
		}
		setsid();
	}
	child = fork();
	if (child > 0) {
		printf("child %d\n", child);
		fflush(stdout);
		_exit(atoi(argv[1]));
	}
	for (;;) {
		char byte;


		if (read(0, &byte, 1) >= 0 || errno != EINTR) {
			int fd = argc > 2 ? open(argv[2], O_RDONLY) : -1;

			printf("orphan: %s\n", fd < 0 ? errno_name(errno) : "OK");
			fflush(stdout);
			_exit(0);
		}
		
	}
}

/* hang COUNT: COUNT children in a tree that pause for ever, then so do we; says `ready` when all are there. */
int hang(int argc, char **argv)
{
	int ready[2], count;
	char byte;

	if (argc < 2 || pipe(ready))
		return 99;
	count = atoi(argv[1]);
	for (int at = 0; at < count; at++) {
		if (fork() == 0) {
			setsid();
			for (int number = 1; number < 32; number++)
				signal(number, SIG_IGN);
			if (write(ready[1], "", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
	}
	for (int at = 0; at < count; at++)
		if (read(ready[0], &byte, 1) != 1)
			fatal("read");
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

/* orphans COUNT: leaves that many orphans that end at once, then says how many children we were left with. */
int orphans(int argc, char **argv)
{
	if (argc < 2)
		return 99;
	for (int at = 0; at < atoi(argv[1]); at++) {
		pid_t child = fork();

		if (child == 0) {
			if (fork() == 0)
				_exit(0);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	return 0;
}

/* state: what a process inherits, to be compared with what it inherits without gatekeeper. */
int state(int argc, char **argv)
{
	sigset_t mask;
	stack_t stack;
	mode_t umask_now = umask(0);

	(void)argc;
	(void)argv;
	umask(umask_now);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigaltstack(NULL, &stack);
	printf("blocked:");
	for (int number = 1; number < 65; number++)
		if (sigismember(&mask, number) == 1)
			printf(" %d", number);
	printf("\nignored:");
	for (int number = 1; number < 65; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			printf(" %d", number);
	}
	printf("\nopen:");
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf(" %d/%x", fd, fcntl(fd, F_GETFL));
	printf("\nstack: %d\numask: %o\nnice: %d\nleader: %d %d\ndumpable: %d\n", stack.ss_flags, umask_now,
	       getpriority(PRIO_PROCESS, 0), getpgrp() == getpid(), getsid(0) == getpid(), prctl(PR_GET_DUMPABLE));
	printf("user: %d %d group: %d %d\n", getuid(), geteuid(), getgid(), getegid());
	for (int what = 0; what < RLIM_NLIMITS; what++) {
		struct rlimit limit;

		if (getrlimit(what, &limit) == 0)
			printf("limit %d: %lx %lx\n", what, limit.rlim_cur, limit.rlim_max);
	}
	return 0;
}
