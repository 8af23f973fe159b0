/* Calls that gatekeeper makes in a program's stead: attempts to get another address into them, and what a program must
 * not notice. */
#include "hostile.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

static struct sockaddr_in ipv4(const char *host, const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		fatal(host);
	return address;
}

static void reset_and_close(int fd)
{
	/* Without TIME_WAIT, or thousands of connections would use up the ports. */
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

static int new_socket(int type)
{
	int fd = socket(AF_INET, type, 0);

	if (fd < 0)
		fatal("socket");
	return fd;
}

/* Sends one byte to an address that somebody rewrites, by one of the calls. */
static long send_by(const char *call, int fd, void *address, socklen_t length)
{
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct msghdr one = { .msg_name = address, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1 };
	struct mmsghdr two[2] = { { .msg_hdr = one }, { .msg_hdr = one } };

	if (!strcmp(call, "sendto"))
		return sendto(fd, "x", 1, 0, address, length);
	if (!strcmp(call, "sendmsg"))
		return sendmsg(fd, &one, 0);
	if (!strcmp(call, "sendmmsg"))
		return sendmmsg(fd, two, 2, 0);
	return sendto(fd, "x", 1, MSG_FASTOPEN | MSG_DONTWAIT, address, length);
}

static int is_peer(int fd, const struct sockaddr_in *address)
{
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);

	return !getpeername(fd, (struct sockaddr *)&peer, &length) && peer.sin_port == address->sin_port &&
	       peer.sin_addr.s_addr == address->sin_addr.s_addr;
}

static void race_once(const char *call, struct flip *flip, const struct sockaddr_in *forbidden, struct tries *tries)
{
	int stream = !strcmp(call, "connect") || !strcmp(call, "fastopen");
	int fd = new_socket(stream ? SOCK_STREAM : SOCK_DGRAM);
	long result;

	if (!strncmp(call, "connect", 7))
		result = connect(fd, (struct sockaddr *)flip->text, sizeof(*forbidden));
	else
		result = send_by(call, fd, flip->text, sizeof(*forbidden));
	if (is_peer(fd, forbidden))
		tries->wins++;
	else if (result >= 0 || errno == EINPROGRESS)
		tries->allowed++;
	else
		tries->refused++;
	reset_and_close(fd);
}

/* behalf-race CALL FIRST-HOST PORT SECOND-HOST PORT [shared]: the second is forbidden; the test counts who comes there. */
int behalf_race(int argc, char **argv)
{
	struct sockaddr_in first, second;
	struct tries tries = { 0 };
	struct flip flip;
	int shared = argc > 6;

	if (argc < 6)
		return 99;
	first = ipv4(argv[2], argv[3]);
	second = ipv4(argv[4], argv[5]);
	flip_bytes(&flip, &first, &second, sizeof(first), shared);
	if (shared)
		flip_by_process(&flip);
	else
		flip_by_thread(&flip);
	while (another(&tries))
		race_once(argv[1], &flip, &second, &tries);
	flip_end(&flip);
	return report(&tries);
}

/* behalf-family CALL FAMILY HOST PORT: an address of a family that reaches nobody becomes a forbidden one. */
int behalf_family(int argc, char **argv)
{
	struct sockaddr_in first = { 0 }, second;
	struct tries tries = { 0 };
	struct flip flip;

	if (argc < 5)
		return 99;
	first.sin_family = (sa_family_t)atoi(argv[2]);
	second = ipv4(argv[3], argv[4]);
	flip_bytes(&flip, &first, &second, sizeof(first), 0);
	flip_by_thread(&flip);
	while (another(&tries))
		race_once(argv[1], &flip, &second, &tries);
	flip_end(&flip);
	return report(&tries);
}

/* behalf-name CALL GOOD-HOST PORT BAD-HOST PORT: a connected socket; the pointer to the name appears and disappears. */
int behalf_name(int argc, char **argv)
{
	struct sockaddr_in good, bad;
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct mmsghdr without = { .msg_hdr = { .msg_namelen = sizeof(bad), .msg_iov = &part, .msg_iovlen = 1 } }, with = without;
	struct tries tries = { 0 };
	struct flip flip;
	int fd = new_socket(SOCK_DGRAM);

	if (argc < 6)
		return 99;
	good = ipv4(argv[2], argv[3]);
	bad = ipv4(argv[4], argv[5]);
	with.msg_hdr.msg_name = &bad;
	if (connect(fd, (struct sockaddr *)&good, sizeof(good)))
		fatal("connect");
	flip_bytes(&flip, &without, &with, sizeof(with), 0);
	flip_by_thread(&flip);
	while (another(&tries)) {
		long sent = !strcmp(argv[1], "sendmsg") ? sendmsg(fd, (struct msghdr *)flip.text, 0) :
							  sendmmsg(fd, (struct mmsghdr *)flip.text, 1, 0);

		if (sent >= 0)
			tries.allowed++;
		else
			tries.refused++;
	}
	flip_end(&flip);
	return report(&tries);
}

/* behalf-local CALL PATH HOST PORT: the path of a local socket becomes an address of the internet. */
int behalf_local(int argc, char **argv)
{
	struct sockaddr_un first = { .sun_family = AF_UNIX }, second;
	struct sockaddr_in forbidden;
	struct tries tries = { 0 };
	struct flip flip;

	if (argc < 5)
		return 99;
	strncpy(first.sun_path, argv[2], sizeof(first.sun_path) - 1);
	second = first;
	forbidden = ipv4(argv[3], argv[4]);
	memcpy(&second, &forbidden, 8);
	flip_bytes(&flip, &first, &second, sizeof(first), 0);
	flip_by_thread(&flip);
	while (another(&tries))
		race_once(argv[1], &flip, &forbidden, &tries);
	flip_end(&flip);
	return report(&tries);
}

struct swap {
	int fd, from[2];
	volatile int stop;
	pthread_t thread;
};

static void *swapper(void *argument)
{
	struct swap *swap = argument;

	while (!swap->stop) {
		dup2(swap->from[0], swap->fd);
		dup2(swap->from[1], swap->fd);
	}
	return NULL;
}

/* behalf-swap BAD-HOST PORT: a pipe of a socket and one for datagrams take turns behind a descriptor, while the name of
 * the message comes and goes. */
int behalf_swap(int argc, char **argv)
{
	struct sockaddr_in bad;
	struct iovec part = { .iov_base = "x", .iov_len = 1 };
	struct msghdr without = { .msg_namelen = sizeof(bad), .msg_iov = &part, .msg_iovlen = 1 }, with = without;
	struct tries tries = { 0 };
	struct swap swap = { 0 };
	struct flip flip;
	int pair[2];

	if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 99;
	bad = ipv4(argv[1], argv[2]);
	with.msg_name = &bad;
	swap.from[0] = pair[0];
	swap.from[1] = new_socket(SOCK_DGRAM);
	swap.fd = dup(pair[0]);
	flip_bytes(&flip, &without, &with, sizeof(with), 0);
	flip_by_thread(&flip);
	if (pthread_create(&swap.thread, NULL, swapper, &swap))
		fatal("pthread_create");
	while (another(&tries)) {
		char byte;

		if (sendmsg(swap.fd, (struct msghdr *)flip.text, MSG_DONTWAIT) == 1)
			tries.allowed++;
		else
			tries.refused++;
		while (recv(pair[1], &byte, 1, MSG_DONTWAIT) == 1)
			;
	}
	swap.stop = 1;
	pthread_join(swap.thread, NULL);
	flip_end(&flip);
	return report(&tries);
}

static int storm_fd;
static volatile int storm_stop;

static void *storm(void *argument)
{
	struct sockaddr_in nobody = { .sin_family = AF_UNSPEC };

	(void)argument;
	while (!storm_stop) {
		shutdown(storm_fd, SHUT_RDWR);
		connect(storm_fd, (struct sockaddr *)&nobody, sizeof(nobody));
	}
	return NULL;
}

/* behalf-storm HOST PORT HOST PORT: one blocking socket, connected again and again to an address that is rewritten, while
 * a third thread shuts it down and disconnects it. */
int behalf_storm(int argc, char **argv)
{
	struct sockaddr_in first, second;
	struct tries tries = { 0 };
	struct flip flip;
	pthread_t thread;

	if (argc < 5)
		return 99;
	first = ipv4(argv[1], argv[2]);
	second = ipv4(argv[3], argv[4]);
	storm_fd = new_socket(SOCK_STREAM);
	flip_bytes(&flip, &first, &second, sizeof(first), 0);
	flip_by_thread(&flip);
	if (pthread_create(&thread, NULL, storm, NULL))
		fatal("pthread_create");
	while (another(&tries)) {
		int failed = connect(storm_fd, (struct sockaddr *)flip.text, sizeof(first));

		if (is_peer(storm_fd, &second))
			tries.wins++;
		else if (failed && errno == EPERM)
			tries.refused++;
		else
			tries.allowed++;
	}
	storm_stop = 1;
	pthread_join(thread, NULL);
	flip_end(&flip);
	return report(&tries);
}

static sigjmp_buf back;
static volatile int alarms;

static void on_alarm(int signal)
{
	(void)signal;
	if (++alarms == 2)
		siglongjmp(back, 1);
}

static void alarms_every(long milliseconds, int flags)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = flags };
	struct itimerval timer = { { 0, milliseconds * 1000 }, { 0, milliseconds * 1000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void *shut_down_later(void *argument)
{
	struct timespec little = { 0, 300000000 };

	nanosleep(&little, NULL);
	shutdown(*(int *)argument, SHUT_RDWR);
	return NULL;
}

/* behalf-blocked HOW HOST PORT: connects where nobody answers, and tells how that ended. */
int behalf_blocked(int argc, char **argv)
{
	struct sockaddr_in to;
	pthread_t thread;
	int fd = new_socket(SOCK_STREAM);

	if (argc < 4)
		return 99;
	to = ipv4(argv[2], argv[3]);
	if (!strcmp(argv[1], "signal"))
		alarms_every(200, 0);
	if (!strcmp(argv[1], "restart"))
		alarms_every(200, SA_RESTART);
	if (!strcmp(argv[1], "timeout") || !strcmp(argv[1], "timeout-signal")) {
		struct timeval time = { 0, 500000 };

		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	}
	if (!strcmp(argv[1], "timeout-signal"))
		alarms_every(200, SA_RESTART);
	if (!strcmp(argv[1], "shutdown") && pthread_create(&thread, NULL, shut_down_later, &fd))
		fatal("pthread_create");
	printf("connecting\n");
	fflush(stdout);
	if (sigsetjmp(back, 1))
		printf("alarms = %d\n", alarms);
	else if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		printf("connect = %s, alarms = %d\n", errno_name(errno), alarms);
	else
		printf("connect = 0\n");
	return 0;
}

/* behalf-pass: sends a descriptor and the own identity through a socket pair. */
int behalf_pass(int argc, char **argv)
{
	char byte = 'x', text[16] = "", space[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))] = { 0 };
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space) };
	struct ucred self = { getpid(), getuid(), getgid() };
	struct cmsghdr *control = CMSG_FIRSTHDR(&message);
	int pair[2], ends[2], got;

	(void)argc;
	(void)argv;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(ends))
		fatal("socketpair");
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(control), &ends[1], sizeof(int));
	control = CMSG_NXTHDR(&message, control);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_CREDENTIALS;
	control->cmsg_len = CMSG_LEN(sizeof(self));
	memcpy(CMSG_DATA(control), &self, sizeof(self));
	printf("sendmsg = %zd\n", sendmsg(pair[0], &message, 0));
	memset(space, 0, sizeof(space));
	if (recvmsg(pair[1], &message, 0) != 1)
		fatal("recvmsg");
	control = CMSG_FIRSTHDR(&message);
	if (!control || control->cmsg_type != SCM_RIGHTS)
		fatal("no descriptor");
	memcpy(&got, CMSG_DATA(control), sizeof(got));
	if (got == ends[1] || write(got, "through", 7) != 7 || read(ends[0], text, 15) != 7)
		fatal("not the pipe");
	printf("%s\n", text);
	return 0;
}

/* behalf-stream HOST PORT: much data by one sendmsg of a blocking socket, then a broken connection. */
int behalf_stream(int argc, char **argv)
{
	struct sockaddr_in to;
	static char much[8 << 20];
	struct iovec parts[2] = { { much, 5000000 }, { much, sizeof(much) - 5000000 } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int fd = new_socket(SOCK_STREAM), pair[2];
	char answer[64] = "";

	if (argc < 3 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 99;
	to = ipv4(argv[1], argv[2]);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		fatal("connect");
	printf("sent=%zd\n", sendmsg(fd, &message, 0));
	shutdown(fd, SHUT_WR);
	if (recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL) < 0)
		fatal("recv");
	printf("arrived=%s\n", answer);
	close(pair[1]);
	if (sendmsg(pair[0], &message, MSG_NOSIGNAL) == -1)
		printf("sendmsg = %s\n", errno_name(errno));
	fflush(stdout);
	sendmsg(pair[0], &message, 0);
	printf("survived\n");
	return 0;
}

/* behalf-lengths HOST PORT: the lengths that sendmmsg reports, and where it stops. */
int behalf_lengths(int argc, char **argv)
{
	struct sockaddr_in to;
	static char long_text[70000];
	struct iovec parts[4] = { { "one", 3 }, { "", 0 }, { long_text, sizeof(long_text) }, { "four", 4 } };
	struct mmsghdr messages[4] = { 0 };
	int fd = new_socket(SOCK_DGRAM), sent;

	if (argc < 3)
		return 99;
	to = ipv4(argv[1], argv[2]);
	for (int at = 0; at < 4; at++) {
		messages[at].msg_len = 99;
		messages[at].msg_hdr = (struct msghdr){ .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &parts[at], .msg_iovlen = 1 };
	}
	sent = sendmmsg(fd, messages, 4, 0);
	printf("sendmmsg = %d:", sent);
	for (int at = 0; at < 4; at++)
		printf(" %u", messages[at].msg_len);
	sent = sendmmsg(fd, messages + 2, 2, 0);
	printf("\nsendmmsg = %d %s\n", sent, errno_name(errno));
	return 0;
}
