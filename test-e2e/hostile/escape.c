/* Ways to be somewhere the supervisor does not look. Each tries to read SECRET at the end and says how that went. */
#include "hostile.h"

#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

/* Prints `WHO: OK` where SECRET could be opened, `WHO: EPERM` and so on where not; one write, whoever else prints. */
static void try_secret(const char *who, const char *secret)
{
	char line[256];
	int fd = open(secret, O_RDONLY);
	int count = snprintf(line, sizeof(line), "%s: %s\n", who, fd < 0 ? errno_name(errno) : "OK");

	if (write(1, line, (size_t)count) != count)
		_exit(98);
	if (fd >= 0)
		close(fd);
}

static void reap(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		printf("child: %s\n", sigabbrev_np(WTERMSIG(status)));
		fflush(stdout);
	}
}

/* clone-flags FLAGS SECRET: a child made with the raw call. */
int clone_flags(int argc, char **argv)
{
	pid_t child;

	if (argc < 3)
		return 99;
	child = (pid_t)syscall(SYS_clone, strtoul(argv[1], NULL, 0) | SIGCHLD, NULL, NULL, NULL, 0);
	if (child == 0) {
		try_secret("child", argv[2]);
		_exit(0);
	}
	if (child < 0)
		printf("clone: %s\n", errno_name(errno));
	else
		reap(child);
	return 0;
}

/* clone3 FLAGS SECRET: likewise with clone3, whose flags are in memory. */
int clone_three(int argc, char **argv)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	pid_t child;

	if (argc < 3)
		return 99;
	arguments.flags = strtoull(argv[1], NULL, 0);
	child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (child == 0) {
		try_secret("child", argv[2]);
		_exit(0);
	}
	if (child < 0)
		printf("clone3: %s\n", errno_name(errno));
	else
		reap(child);
	return 0;
}

static const char *listener_secret;
static volatile int listener = -1;

static void *under_own_filter(void *unused)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = code };
	int fd;

	(void)unused;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (fd < 0) {
		printf("seccomp: %s\n", errno_name(errno));
		fflush(stdout);
		listener = -2;
		return NULL;
	}
	listener = fd;
	try_secret("listener", listener_secret);
	return NULL;
}

/* own-listener SECRET: a filter of its own whose listener lets the open continue. */
int own_listener(int argc, char **argv)
{
	struct seccomp_notif held = { 0 };
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	pthread_t thread;

	if (argc < 2)
		return 99;
	listener_secret = argv[1];
	if (pthread_create(&thread, NULL, under_own_filter, NULL))
		fatal("pthread_create");
	while (listener == -1)
		sched_yield();
	if (listener >= 0 && ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &held) == 0) {
		answer.id = held.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	pthread_join(thread, NULL);
	return 0;
}

/* memfd-exec PROGRAM SECRET: PROGRAM (ourselves) copied into memory and executed from there. */
int memfd_exec(int argc, char **argv)
{
	char *arguments[] = { "hostile", "secret", "memfd", NULL, NULL };
	char *environment[] = { NULL };
	char buffer[65536];
	ssize_t count;
	int from, to;

	if (argc < 3)
		return 99;
	arguments[3] = argv[2];
	from = open(argv[1], O_RDONLY);
	to = (int)syscall(SYS_memfd_create, "x", 0);
	if (from < 0 || to < 0) {
		printf("memfd_create: %s\n", errno_name(errno));
		return 0;
	}
	while ((count = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, (size_t)count) != count)
			fatal("write");
	close(from);
	syscall(SYS_execveat, to, "", arguments, environment, AT_EMPTY_PATH);
	printf("execveat: %s\n", errno_name(errno));
	return 0;
}

/* secret WHO SECRET: what memfd-exec turns into; a test may run it too. */
int secret(int argc, char **argv)
{
	if (argc < 3)
		return 99;
	try_secret(argv[1], argv[2]);
	return 0;
}

static int go[2];
static const char *elder_secret;

static void *elder_thread(void *unused)
{
	char byte;

	(void)unused;
	if (read(go[0], &byte, 1) == 1)
		try_secret("thread", elder_secret);
	return NULL;
}

/*
 * elders MARKER SECRET: a thread and a child that exist before MARKER arms the enforcement read SECRET one after the
 * other once it has been written; so does the writer.
 */
int elders(int argc, char **argv)
{
	pthread_t thread;
	pid_t child;
	int child_go[2];
	char byte = 0;

	if (argc < 3 || pipe(go) || pipe(child_go))
		return 99;
	elder_secret = argv[2];
	try_secret("before", elder_secret);
	child = fork();
	if (child == 0) {
		if (read(child_go[0], &byte, 1) == 1)
			try_secret("child", elder_secret);
		_exit(0);
	}
	if (pthread_create(&thread, NULL, elder_thread, NULL))
		fatal("pthread_create");
	if (write(1, argv[1], strlen(argv[1])) < 0 || write(1, "\n", 1) < 0)
		fatal("write");
	if (write(go[1], "", 1) != 1)
		fatal("write");
	pthread_join(thread, NULL);
	if (write(child_go[1], "", 1) != 1)
		fatal("write");
	reap(child);
	try_secret("writer", elder_secret);
	return 0;
}

/* flood BYTES FD MARKER SECRET: BYTES without a newline, MARKER at their end in the same write as the last of them. */
int flood(int argc, char **argv)
{
	static char chunk[65536 + 256];
	size_t left, marker;
	int fd;

	if (argc < 5)
		return 99;
	left = strtoul(argv[1], NULL, 10);
	fd = atoi(argv[2]);
	marker = strlen(argv[3]);
	memset(chunk, 'x', sizeof(chunk));
	while (left) {
		size_t part = left < 65536 ? left : 65536;
		size_t done = 0;

		left -= part;
		if (!left) {
			memcpy(chunk + part, argv[3], marker);
			part += marker;
		}
		while (done < part) {
			ssize_t wrote = write(fd, chunk + done, part - done);

			if (wrote < 0)
				fatal("write");
			done += (size_t)wrote;
		}
	}
	if (write(1, "\n", 1) != 1)
		fatal("write");
	try_secret("after", argv[4]);
	return 0;
}
