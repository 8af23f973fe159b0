/* Repeats one operation for a while and prints the nanoseconds that one takes.
 *
 *     operations NAME MILLISECONDS [THREADS [PATH]]
 *
 * PATH is a file to open; new ones are made in the current directory. The operations are made as system calls, so that the same calls
 * are measured whatever libc does. Starting and ending the process is not part of the figure.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int data;
/* A file that is there. */
static const char *path;
static int listener;
static struct sockaddr_in address;

static void fail(const char *what)
{
	fprintf(stderr, "operations: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void must(long result, const char *what)
{
	if (result < 0)
		fail(what);
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1e9 + at.tv_nsec;
}

static double do_getppid(void)
{
	double begin = now();

	for (int i = 0; i < 256; i++)
		syscall(SYS_getppid);
	return now() - begin;
}

static double do_read(void)
{
	char byte;
	double begin = now();

	for (int i = 0; i < 256; i++)
		must(syscall(SYS_read, data, &byte, 1), "read");
	return now() - begin;
}

static double do_pread(void)
{
	char byte;
	double begin = now();

	for (int i = 0; i < 256; i++)
		must(syscall(SYS_pread64, data, &byte, 1, 0), "pread");
	return now() - begin;
}

static double do_open(void)
{
	double begin = now();

	for (int i = 0; i < 16; i++) {
		int fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

		must(fd, "open");
		syscall(SYS_close, fd);
	}
	return now() - begin;
}

static double do_stat(void)
{
	struct stat meta;
	double begin = now();

	for (int i = 0; i < 16; i++)
		must(syscall(SYS_newfstatat, AT_FDCWD, path, &meta, 0), "stat");
	return now() - begin;
}

static double do_create(void)
{
	char name[32];
	double begin;

	snprintf(name, sizeof name, "new-%ld", (long)syscall(SYS_gettid));
	begin = now();
	for (int i = 0; i < 16; i++) {
		int fd = syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

		must(fd, "create");
		syscall(SYS_close, fd);
		must(syscall(SYS_unlinkat, AT_FDCWD, name, 0), "unlink");
	}
	return now() - begin;
}

/* socket + connect; the other end is accepted, and both are closed, off the clock. A reset instead of
 * a farewell leaves no port in TIME_WAIT. */
static double do_connect(void)
{
	struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	double spent = 0;

	for (int i = 0; i < 16; i++) {
		double begin = now();
		int fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);

		must(fd, "socket");
		must(syscall(SYS_connect, fd, &address, sizeof address), "connect");
		spent += now() - begin;
		int peer = syscall(SYS_accept4, listener, NULL, NULL, 0);

		must(peer, "accept");
		must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), "setsockopt");
		close(fd);
		close(peer);
	}
	return spent;
}

static void reap(pid_t child)
{
	int status;

	must(child, "fork");
	must(waitpid(child, &status, 0), "wait");
	if (status)
		fail("the child did not succeed");
}

static double do_fork(void)
{
	double begin = now();
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	reap(child);
	return now() - begin;
}

static double do_exec(void)
{
	double begin = now();
	pid_t child = fork();

	if (child == 0) {
		execl("/bin/true", "true", NULL);
		_exit(127);
	}
	reap(child);
	return now() - begin;
}

static const struct operation {
	const char *name;
	double (*run)(void);
	int count;
} operations[] = {
	{ "getppid", do_getppid, 256 }, { "read", do_read, 256 },      { "pread", do_pread, 256 },
	{ "open", do_open, 16 },        { "stat", do_stat, 16 },       { "create", do_create, 16 },
	{ "connect", do_connect, 16 },  { "fork", do_fork, 1 },        { "exec", do_exec, 1 },
};

static const struct operation *operation;
static double budget;
static double total_time;
static long total_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *repeat(void *unused)
{
	double spent = 0;
	long count = 0;
	double end;

	(void)unused;
	operation->run();
	end = now() + budget;
	do {
		spent += operation->run();
		count += operation->count;
	} while (now() < end);
	pthread_mutex_lock(&lock);
	total_time += spent;
	total_count += count;
	pthread_mutex_unlock(&lock);
	return NULL;
}

static void prepare(void)
{
	socklen_t length = sizeof address;

	data = open("/dev/zero", O_RDONLY);
	must(data, "/dev/zero");
	if (strcmp(operation->name, "connect"))
		return;
	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	must(listener, "socket");
	must(bind(listener, (struct sockaddr *)&address, sizeof address), "bind");
	must(listen(listener, 128), "listen");
	must(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
}

int main(int argc, char **argv)
{
	long threads = argc > 3 ? atol(argv[3]) : 1;
	pthread_t others[64];

	path = argc > 4 ? argv[4] : "/";
	if (argc < 3 || threads < 1 || threads > 64)
		return 2;
	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
		if (!strcmp(argv[1], operations[i].name))
			operation = &operations[i];
	if (!operation)
		return 2;
	budget = atof(argv[2]) * 1e6;
	prepare();
	for (long i = 1; i < threads; i++)
		if (pthread_create(&others[i], NULL, repeat, NULL))
			fail("pthread_create");
	repeat(NULL);
	for (long i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
	printf("%.1f\n", total_time / total_count);
	return 0;
}
