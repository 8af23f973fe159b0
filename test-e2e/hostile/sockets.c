/* What programs may rely on of sockets, whoever it is that carries the call out. */
#include "hostile.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static void say(const char *what, int result)
{
	printf("%s: %s\n", what, result < 0 ? errno_name(errno) : "OK");
	fflush(stdout);
}

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int connect_to(int fd, int port)
{
	struct sockaddr_in address = loopback(port);

	return connect(fd, (struct sockaddr *)&address, sizeof(address));
}

static void await(int fd, const char *what)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	socklen_t length = sizeof(errno);
	int error = 0;

	poll(&poll_fd, 1, 30000);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
	printf("%s: %s\n", what, errno_name(error));
}

/* Receives what the echo sends back and says how much it was and what. */
static void say_echo(int fd, int count)
{
	static unsigned char bytes[70000];
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	for (; count; count--) {
		unsigned long sum = 0;
		ssize_t length = -1;

		if (poll(&poll_fd, 1, 30000) == 1)
			length = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		for (ssize_t at = 0; at < length; at++)
			sum = sum * 31 + bytes[at];
		printf("echo: %zd bytes %lx\n", length, sum);
	}
}

/* udp-semantics ECHO CLOSED: ports of an echo and of nobody. */
int udp_semantics(int argc, char **argv)
{
	static unsigned char text[70000];
	struct sockaddr_in echo, nobody;
	struct iovec vectors[3] = { { text, 10 }, { text + 5000, 0 }, { text + 100, 30000 } };
	struct msghdr message = { .msg_iov = vectors, .msg_iovlen = 3 };
	struct mmsghdr many[4] = { 0 };
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr header;
	} control = { .header = { CMSG_LEN(sizeof(int)), IPPROTO_IP, IP_TTL } };
	int fd, ttl = 7, sent;
	char *unmapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (argc < 3)
		return 99;
	for (size_t at = 0; at < sizeof(text); at++)
		text[at] = (unsigned char)(at * 7 + at / 256);
	munmap(unmapped + 4096, 4096);
	echo = loopback(atoi(argv[1]));
	nobody = loopback(atoi(argv[2]));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
#define TO(address) (struct sockaddr *)&(address), sizeof(address)
	printf("sent %zd\n", sendto(fd, text, 100, 0, TO(echo)));
	say_echo(fd, 1);
	printf("sent nothing %zd\n", sendto(fd, text, 0, 0, TO(echo)));
	say_echo(fd, 1);
	say("too long", (int)sendto(fd, text, 70000, 0, TO(echo)));
	say("not mapped", (int)sendto(fd, unmapped + 4000, 200, 0, TO(echo)));
	say("short address", (int)sendto(fd, text, 1, 0, (struct sockaddr *)&echo, 8));
	say("no address", (int)sendto(fd, text, 1, 0, NULL, 0));
	say("bad flags", (int)sendto(fd, text, 1, MSG_OOB, TO(echo)));
	say("not a socket", (int)sendto(0, text, 1, 0, TO(echo)));
	message.msg_name = &echo;
	message.msg_namelen = sizeof(echo);
	printf("gathered %zd\n", sendmsg(fd, &message, MSG_DONTWAIT));
	say_echo(fd, 1);
	memcpy(CMSG_DATA(&control.header), &ttl, sizeof(ttl));
	message.msg_control = &control;
	message.msg_controllen = sizeof(control);
	printf("with a time to live %zd\n", sendmsg(fd, &message, 0));
	say_echo(fd, 1);
	control.header.cmsg_len = 3;
	say("bad control", (int)sendmsg(fd, &message, 0));
	message.msg_iovlen = 2000;
	say("too many parts", (int)sendmsg(fd, &message, 0));
	for (int at = 0; at < 4; at++) {
		many[at].msg_hdr.msg_name = &echo;
		many[at].msg_hdr.msg_namelen = sizeof(echo);
		many[at].msg_hdr.msg_iov = &vectors[2];
		many[at].msg_hdr.msg_iovlen = 1;
	}
	vectors[2].iov_len = 1000;
	sent = sendmmsg(fd, many, 4, 0);
	printf("many %d: %u %u %u %u\n", sent, many[0].msg_len, many[1].msg_len, many[2].msg_len, many[3].msg_len);
	say_echo(fd, 4);
	say("connect", connect(fd, TO(nobody)));
	say("to the peer", (int)send(fd, text, 10, 0));
	await(fd, "the peer's answer");
	say("to another", (int)sendto(fd, text, 10, 0, TO(echo)));
	return 0;
}

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
	(void)number;
	alarms++;
}

static void alarm_in(int milliseconds)
{
	struct itimerval timer = { .it_value = { 0, milliseconds * 1000 } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/*
 * tcp-semantics OPEN CLOSED FULL: ports that somebody listens on, that nobody does, and whose queue is full, so that a
 * connect to it waits.
 */
int tcp_semantics(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct timeval timeout = { .tv_usec = 200000 };
	struct sockaddr unspecified = { .sa_family = AF_UNSPEC };
	int open_port, closed, full, fd;

	if (argc < 4)
		return 99;
	open_port = atoi(argv[1]);
	closed = atoi(argv[2]);
	full = atoi(argv[3]);
	sigaction(SIGALRM, &action, NULL);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	say("refused", connect_to(fd, closed));
	say("connected", connect_to(fd, open_port));
	say("again", connect_to(fd, open_port));
	say("disconnected", connect(fd, &unspecified, sizeof(unspecified)));
	say("not a socket", connect_to(0, open_port));
	say("not open", connect_to(99, open_port));
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	say("in the background", connect_to(fd, open_port));
	await(fd, "its end");
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	say("waiting in the background", connect_to(fd, full));
	say("already", connect_to(fd, full));
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	say("for a limited time", connect_to(fd, full));
	close(fd);

	fd = socket(AF_INET, SOCK_STREAM, 0);
	alarm_in(200);
	say("interrupted", connect_to(fd, full));
	printf("alarms: %d\n", alarms);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	say("still under way", connect_to(fd, full) < 0 && errno == EALREADY ? 0 : -1);
	close(fd);
	return 0;
}

static void *waits(void *port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	connect_to(fd, *(int *)port);
	return NULL;
}

/* connect-waits FULL COUNT PATH: that many threads wait in connect; the rest of the process goes on. */
int connect_waits(int argc, char **argv)
{
	pthread_t thread;
	int port, done = 0;

	if (argc < 4)
		return 99;
	port = atoi(argv[1]);
	for (int at = 0; at < atoi(argv[2]); at++)
		if (pthread_create(&thread, NULL, waits, &port))
			fatal("pthread_create");
	for (int at = 0; at < 200; at++) {
		int fd = open(argv[3], O_RDONLY);

		if (fd >= 0) {
			done++;
			close(fd);
		}
	}
	printf("opened=%d\n", done);
	fflush(stdout);
	for (;;)
		pause();
}

static struct sockaddr_un local(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return address;
}

/* local-semantics: in the current directory; whom the server sees, modes of what bind makes, descriptors passed. */
int local_semantics(int argc, char **argv)
{
	struct sockaddr_un address = local("here.sock"), second = local("datagrams.sock");
	struct ucred peer = { 0 };
	struct stat status;
	socklen_t length = sizeof(peer);
	int server, client, accepted, receiver, sender, on = 1;
	char control[256] = { 0 }, byte;
	struct iovec vector = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	struct cmsghdr *header;

	(void)argc;
	(void)argv;
	umask(027);
	server = socket(AF_UNIX, SOCK_STREAM, 0);
	say("bind", bind(server, (struct sockaddr *)&address, sizeof(address)));
	say("bind again", bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof(address)));
	if (stat("here.sock", &status) == 0)
		printf("mode %o owner %d\n", status.st_mode, status.st_uid == geteuid());
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	say("connect before listen", connect(client, (struct sockaddr *)&address, sizeof(address)));
	say("listen", listen(server, 1));
	say("connect", connect(client, (struct sockaddr *)&address, sizeof(address)));
	accepted = accept(server, NULL, NULL);
	getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &peer, &length);
	printf("peer is us: %d %d %d\n", peer.pid == getpid(), peer.uid == geteuid(), peer.gid == getegid());

	receiver = socket(AF_UNIX, SOCK_DGRAM, 0);
	say("bind", bind(receiver, (struct sockaddr *)&second, sizeof(second)));
	setsockopt(receiver, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
	sender = socket(AF_UNIX, SOCK_DGRAM, 0);
	message.msg_name = &second;
	message.msg_namelen = sizeof(second);
	message.msg_control = control;
	message.msg_controllen = CMSG_SPACE(sizeof(int));
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &server, sizeof(int));
	say("send a descriptor", (int)sendmsg(sender, &message, 0));
	memset(control, 0, sizeof(control));
	message.msg_name = NULL;
	message.msg_controllen = sizeof(control);
	say("receive", (int)recvmsg(receiver, &message, MSG_DONTWAIT));
	for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
		if (header->cmsg_type == SCM_CREDENTIALS) {
			memcpy(&peer, CMSG_DATA(header), sizeof(peer));
			printf("sender is us: %d %d %d\n", peer.pid == getpid(), peer.uid == geteuid(),
			       peer.gid == getegid());
		} else if (header->cmsg_type == SCM_RIGHTS) {
			int passed;

			memcpy(&passed, CMSG_DATA(header), sizeof(passed));
			printf("descriptor: %d\n", fcntl(passed, F_GETFD) >= 0);
		}
	}
	say("nobody there", connect(client, (struct sockaddr *)&(struct sockaddr_un){ AF_UNIX, "none.sock" }, 20));
	unlink("here.sock");
	unlink("datagrams.sock");
	signal(SIGPIPE, SIG_IGN);
	close(accepted);
	say("peer has closed", (int)send(client, "x", 1, 0));
	return 0;
}
