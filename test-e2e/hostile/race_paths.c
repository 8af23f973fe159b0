/* Races between the check of a path and its use. */
#include "hostile.h"

#include <linux/openat2.h>

static ino_t secret_inode;

/* Whether the descriptor is the secret file; closes it. */
static void judge_fd(struct tries *tries, int fd)
{
	struct stat status;

	if (fd < 0) {
		tries->refused++;
		return;
	}
	if (fstat(fd, &status) == 0 && status.st_ino == secret_inode)
		tries->wins++;
	else
		tries->allowed++;
	close(fd);
}

static void judge_result(struct tries *tries, int result)
{
	if (result == 0)
		tries->allowed++;
	else
		tries->refused++;
}

static void make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	if (fd >= 0)
		close(fd);
}

/*
 * race-path CALL ALLOWED SECRET INODE [shared]: CALL gets a path that flips between the two. Calls without a descriptor
 * to look at count as `allowed` when they succeed: whether the secret file changed is for the test to see.
 */
int race_path(int argc, char **argv)
{
	struct tries tries = { 0 };
	struct flip flip;
	const char *call = argv[1];
	char other[4096];

	if (argc < 5)
		return 99;
	secret_inode = (ino_t)strtoull(argv[4], NULL, 10);
	snprintf(other, sizeof(other), "%s.other", argv[2]);
	flip_bytes(&flip, argv[2], argv[3], strlen(argv[2]) + 1, argc > 5);
	if (argc > 5)
		flip_by_process(&flip);
	else
		flip_by_thread(&flip);
	while (another(&tries)) {
		if (!strcmp(call, "open")) {
			judge_fd(&tries, (int)syscall(SYS_open, flip.text, O_RDONLY));
		} else if (!strcmp(call, "openat")) {
			judge_fd(&tries, openat(AT_FDCWD, flip.text, O_RDONLY));
		} else if (!strcmp(call, "openat2")) {
			struct open_how how = { .flags = O_RDONLY };

			judge_fd(&tries, (int)syscall(SYS_openat2, AT_FDCWD, flip.text, &how, sizeof(how)));
		} else if (!strcmp(call, "open-write")) {
			judge_fd(&tries, open(flip.text, O_WRONLY));
		} else if (!strcmp(call, "open-truncate")) {
			judge_fd(&tries, open(flip.text, O_RDONLY | O_TRUNC));
		} else if (!strcmp(call, "creat")) {
			judge_fd(&tries, (int)syscall(SYS_creat, flip.text, 0644));
		} else if (!strcmp(call, "truncate")) {
			judge_result(&tries, truncate(flip.text, 0));
		} else if (!strcmp(call, "chmod")) {
			judge_result(&tries, chmod(flip.text, 0600));
		} else if (!strcmp(call, "unlink")) {
			judge_result(&tries, unlink(flip.text));
			make(argv[2]);
		} else if (!strcmp(call, "rename-from")) {
			judge_result(&tries, rename(flip.text, other));
			make(argv[2]);
		} else if (!strcmp(call, "rename-to")) {
			make(other);
			judge_result(&tries, rename(other, flip.text));
		} else if (!strcmp(call, "link-from")) {
			int fd;

			unlink(other);
			judge_result(&tries, link(flip.text, other));
			fd = open(other, O_RDONLY);
			if (fd >= 0)
				judge_fd(&tries, fd);
		} else {
			errno = 0;
			fatal(call);
		}
	}
	flip_end(&flip);
	return report(&tries);
}

/* race-how FILE: the flags in an open_how flip between reading and writing; a descriptor that can write is a win. */
int race_how(int argc, char **argv)
{
	struct open_how first = { .flags = O_RDONLY };
	struct open_how second = { .flags = O_RDWR };
	struct tries tries = { 0 };
	struct flip flip;

	if (argc < 2)
		return 99;
	flip_bytes(&flip, &first, &second, sizeof(first), 0);
	flip_by_thread(&flip);
	while (another(&tries)) {
		int fd = (int)syscall(SYS_openat2, AT_FDCWD, argv[1], flip.text, sizeof(first));

		if (fd < 0) {
			tries.refused++;
		} else {
			if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
				tries.allowed++;
			else
				tries.wins++;
			close(fd);
		}
	}
	flip_end(&flip);
	return report(&tries);
}

/* What the thread of the next three changes under the main thread's feet. */
struct mover {
	const char *one;
	const char *two;
	int one_fd;
	int two_fd;
	int shared_fd;
	volatile int stop;
};

static void *swap_names(void *argument)
{
	struct mover *mover = argument;

	while (!mover->stop)
		syscall(SYS_renameat2, AT_FDCWD, mover->one, AT_FDCWD, mover->two, RENAME_EXCHANGE);
	return NULL;
}

static void *change_cwd(void *argument)
{
	struct mover *mover = argument;

	while (!mover->stop)
		if (fchdir(mover->one_fd) || fchdir(mover->two_fd))
			fatal("fchdir");
	return NULL;
}

static void *change_dirfd(void *argument)
{
	struct mover *mover = argument;

	while (!mover->stop)
		if (dup2(mover->one_fd, mover->shared_fd) < 0 || dup2(mover->two_fd, mover->shared_fd) < 0)
			fatal("dup2");
	return NULL;
}

/*
 * race-swap ONE TWO PATH INODE: ONE and TWO are exchanged all the time while PATH, which leads through ONE, is opened.
 * race-cwd ONE TWO PATH INODE: the directory that PATH is relative to changes between ONE and TWO.
 * race-dirfd ONE TWO PATH INODE: likewise the descriptor.
 */
int race_place(int argc, char **argv)
{
	struct mover mover = { 0 };
	struct tries tries = { 0 };
	pthread_t thread;
	int by_fd = !strcmp(argv[0], "race-dirfd");
	int by_name = !strcmp(argv[0], "race-swap");

	if (argc < 5)
		return 99;
	mover.one = argv[1];
	mover.two = argv[2];
	secret_inode = (ino_t)strtoull(argv[4], NULL, 10);
	if (!by_name) {
		mover.one_fd = open(mover.one, O_RDONLY | O_DIRECTORY);
		mover.two_fd = open(mover.two, O_RDONLY | O_DIRECTORY);
		mover.shared_fd = dup(mover.one_fd);
		if (mover.shared_fd < 0 || mover.two_fd < 0 || fchdir(mover.one_fd))
			fatal("the two directories");
	}
	if (pthread_create(&thread, NULL, by_name ? swap_names : by_fd ? change_dirfd : change_cwd, &mover))
		fatal("pthread_create");
	while (another(&tries))
		judge_fd(&tries, openat(by_fd ? mover.shared_fd : AT_FDCWD, argv[3], O_RDONLY));
	mover.stop = 1;
	pthread_join(thread, NULL);
	return report(&tries);
}

/*
 * race-exec ALLOWED SECRET: the path given to execve flips. Both are programs; the allowed one exits with what it is
 * told to exit with (7), the forbidden one with anything else.
 */
int race_exec(int argc, char **argv)
{
	struct tries tries = { 0 };
	struct flip flip;
	char *arguments[] = { "raced", "!exit 7", NULL };

	if (argc < 3)
		return 99;
	flip_bytes(&flip, argv[1], argv[2], strlen(argv[1]) + 1, 1);
	flip_by_process(&flip);
	while (another(&tries)) {
		int status;
		pid_t child = fork();

		if (child < 0)
			fatal("fork");
		if (child == 0) {
			execv(flip.text, arguments);
			_exit(50);
		}
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFSIGNALED(status) || WEXITSTATUS(status) == 50)
			tries.refused++;
		else if (WEXITSTATUS(status) == 7)
			tries.allowed++;
		else
			tries.wins++;
	}
	flip_end(&flip);
	return report(&tries);
}
