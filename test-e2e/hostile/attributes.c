/* Races between the check of a change of attributes and the change: another file under the path or the descriptor. */
#include "hostile.h"

#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/xattr.h>
#include <utime.h>

#define SETFLAGS 0x40086602UL

/* What the secret file is like. */
struct look {
	mode_t mode;
	uid_t owner;
	struct timespec modified;
	struct timespec changed;
};

static struct look look_at(const char *path)
{
	struct stat status;

	if (stat(path, &status))
		fatal(path);
	return (struct look){ status.st_mode, status.st_uid, status.st_mtim, status.st_ctim };
}

/* Any change of attributes shows in the time of the last status change, whatever the value was before. */
static int differs(const struct look *one, const struct look *two)
{
	return one->mode != two->mode || one->owner != two->owner ||
	       one->modified.tv_sec != two->modified.tv_sec || one->modified.tv_nsec != two->modified.tv_nsec ||
	       one->changed.tv_sec != two->changed.tv_sec || one->changed.tv_nsec != two->changed.tv_nsec;
}

static long by_path(const char *call, const char *path)
{
	static const struct timespec times[2] = { { 1, 0 }, { 2, 0 } };

	if (!strcmp(call, "chmod"))
		return syscall(SYS_chmod, path, 0600);
	if (!strcmp(call, "fchmodat2"))
		return syscall(452, AT_FDCWD, path, 0600, AT_SYMLINK_NOFOLLOW);
	if (!strcmp(call, "lchown"))
		return syscall(SYS_lchown, path, getuid(), getgid());
	if (!strcmp(call, "fchownat"))
		return syscall(SYS_fchownat, AT_FDCWD, path, getuid(), getgid(), 0);
	if (!strcmp(call, "utimes"))
		return syscall(SYS_utimes, path, NULL);
	if (!strcmp(call, "utimensat"))
		return syscall(SYS_utimensat, AT_FDCWD, path, times, 0);
	if (!strcmp(call, "setxattr"))
		return syscall(SYS_setxattr, path, "user.raced", "x", 1, 0);
	errno = 0;
	fatal(call);
	return -1;
}

static long by_descriptor(const char *call, int fd)
{
	int flags = 0;

	if (!strcmp(call, "fchmod"))
		return syscall(SYS_fchmod, fd, 0600);
	if (!strcmp(call, "fchown"))
		return syscall(SYS_fchown, fd, getuid(), getgid());
	if (!strcmp(call, "futimens"))
		return syscall(SYS_utimensat, fd, NULL, NULL, 0);
	if (!strcmp(call, "fchownat-empty"))
		return syscall(SYS_fchownat, fd, "", getuid(), getgid(), AT_EMPTY_PATH);
	if (!strcmp(call, "fsetxattr"))
		return syscall(SYS_fsetxattr, fd, "user.raced", "x", 1, 0);
	if (!strcmp(call, "setflags"))
		return syscall(SYS_ioctl, fd, SETFLAGS, &flags);
	errno = 0;
	fatal(call);
	return -1;
}

static void count(struct tries *tries, long result, const char *secret, struct look *before)
{
	struct look now = look_at(secret);

	if (differs(&now, before)) {
		tries->wins++;
		*before = now;
	} else if (result == 0) {
		tries->allowed++;
	} else {
		tries->refused++;
	}
}

/* attributes-path CALL ALLOWED SECRET: CALL gets a path that flips between the two. */
int attributes_path(int argc, char **argv)
{
	struct tries tries = { 0 };
	struct look before;
	struct flip flip;

	if (argc < 4)
		return 99;
	before = look_at(argv[3]);
	flip_bytes(&flip, argv[2], argv[3], strlen(argv[2]) + 1, 0);
	flip_by_thread(&flip);
	while (another(&tries))
		count(&tries, by_path(argv[1], flip.text), argv[3], &before);
	flip_end(&flip);
	return report(&tries);
}

struct switcher {
	int one;
	int two;
	int shared;
	volatile int stop;
};

static void *switch_descriptor(void *argument)
{
	struct switcher *switcher = argument;

	while (!switcher->stop)
		if (dup2(switcher->one, switcher->shared) < 0 || dup2(switcher->two, switcher->shared) < 0)
			fatal("dup2");
	return NULL;
}

/* attributes-descriptor CALL ALLOWED SECRET: another thread puts now the one, now the other behind the descriptor. */
int attributes_descriptor(int argc, char **argv)
{
	struct switcher switcher = { 0 };
	struct tries tries = { 0 };
	struct look before;
	pthread_t thread;

	if (argc < 4)
		return 99;
	before = look_at(argv[3]);
	switcher.one = open(argv[2], O_RDONLY);
	switcher.two = open(argv[3], O_RDONLY);
	switcher.shared = dup(switcher.one);
	if (switcher.shared < 0 || switcher.two < 0)
		fatal("the two files");
	if (pthread_create(&thread, NULL, switch_descriptor, &switcher))
		fatal("pthread_create");
	while (another(&tries))
		count(&tries, by_descriptor(argv[1], switcher.shared), argv[3], &before);
	switcher.stop = 1;
	pthread_join(thread, NULL);
	return report(&tries);
}

struct exchanger {
	const char *one;
	const char *two;
	volatile int stop;
};

static void *exchange(void *argument)
{
	struct exchanger *exchanger = argument;

	while (!exchanger->stop)
		syscall(SYS_renameat2, AT_FDCWD, exchanger->one, AT_FDCWD, exchanger->two, RENAME_EXCHANGE);
	return NULL;
}

/* attributes-swap CALL ONE TWO PATH SECRET: a directory and a link to the secret one are exchanged all the time. */
int attributes_swap(int argc, char **argv)
{
	struct exchanger exchanger = { 0 };
	struct tries tries = { 0 };
	struct look before;
	pthread_t thread;

	if (argc < 6)
		return 99;
	exchanger.one = argv[2];
	exchanger.two = argv[3];
	before = look_at(argv[5]);
	if (pthread_create(&thread, NULL, exchange, &exchanger))
		fatal("pthread_create");
	while (another(&tries))
		count(&tries, by_path(argv[1], argv[4]), argv[5], &before);
	exchanger.stop = 1;
	pthread_join(thread, NULL);
	return report(&tries);
}

static long either(const char *call, const char *path)
{
	int fd = open(path, O_RDONLY);
	long result;

	if (fd < 0)
		fatal(path);
	result = call[0] == '%' ? by_descriptor(call + 1, fd) : by_path(call, path);
	close(fd);
	return result;
}

static void drop(const char *how)
{
	if (!strcmp(how, "user")) {
		if (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setgid, 65534) || syscall(SYS_setuid, 65534))
			fatal("setuid");
	} else if (!strcmp(how, "fsuid")) {
		/* Of this thread alone. */
		syscall(SYS_setfsuid, 65534);
	} else {
		unsigned int header[2] = { 0x20080522, 0 };
		unsigned int none[6] = { 0 };

		if (syscall(SYS_capset, header, none))
			fatal("capset");
	}
}

/*
 * attributes-drop HOW PATH CALL…: after giving up the user, the file system user or the capabilities. A call with % in
 * front gets a descriptor.
 */
int attributes_drop(int argc, char **argv)
{
	if (argc < 4)
		return 99;
	drop(argv[1]);
	for (int at = 3; at < argc; at++) {
		long result = either(argv[at], argv[2]);

		printf("%s = %s\n", argv[at] + (argv[at][0] == '%'), result ? errno_name(errno) : "0");
	}
	return 0;
}
