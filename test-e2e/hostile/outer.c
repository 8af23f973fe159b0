/* Launchers: what gatekeeper itself may find itself under. */
#include "hostile.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

static int install(struct sock_filter *code, unsigned short length, unsigned long flags)
{
	struct sock_fprog program = { .len = length, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fatal("no_new_privs");
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* without NUMBER ERRNO COMMAND…: a kernel that answers the call with ERRNO. */
int without(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	if (argc < 4)
		return 99;
	code[1].k = (unsigned)atoi(argv[1]);
	code[2].k |= (unsigned)atoi(argv[2]);
	if (install(code, 4, 0) < 0)
		fatal("seccomp");
	execv(argv[3], argv + 3);
	fatal(argv[3]);
	return 99;
}

/* without-seccomp COMMAND…: neither seccomp(2) nor prctl(PR_SET_SECCOMP), as a kernel built without them answers. */
int without_seccomp(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	if (argc < 2)
		return 99;
	if (install(code, 8, 0) < 0)
		fatal("seccomp");
	execv(argv[1], argv + 1);
	fatal(argv[1]);
	return 99;
}

/* outer-listener COMMAND…: a listener is there already, so the kernel refuses another one with EBUSY. */
int outer_listener(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	int fd;

	if (argc < 2)
		return 99;
	fd = install(code, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (fd < 0 || fcntl(fd, F_SETFD, 0))
		fatal("seccomp");
	execv(argv[1], argv + 1);
	fatal(argv[1]);
	return 99;
}

/*
 * with-signals IGNORED BLOCKED COMMAND…: COMMAND starts with one signal ignored and one blocked (0: none).
 * closed-stdio LIST COMMAND…: COMMAND starts with the descriptors in LIST ("0", "012") closed.
 */
int with_signals(int argc, char **argv)
{
	sigset_t set;

	if (argc < 4)
		return 99;
	if (atoi(argv[1]))
		signal(atoi(argv[1]), SIG_IGN);
	sigemptyset(&set);
	if (atoi(argv[2]))
		sigaddset(&set, atoi(argv[2]));
	sigprocmask(SIG_SETMASK, &set, NULL);
	execv(argv[3], argv + 3);
	fatal(argv[3]);
	return 99;
}

int closed_stdio(int argc, char **argv)
{
	if (argc < 3)
		return 99;
	for (const char *fd = argv[1]; *fd; fd++)
		close(*fd - '0');
	execv(argv[2], argv + 2);
	return 97;
}
