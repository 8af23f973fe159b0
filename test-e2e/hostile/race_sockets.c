/* Races between the check of a socket address and its use. */
#include "hostile.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct sockaddr_in ipv4(const char *host, const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };

	if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
		fatal(host);
	return address;
}

static void close_at_once(int fd)
{
	/* A reset instead of TIME_WAIT, or thousands of connections would use up the ports. */
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* race-connect HOST PORT HOST PORT: the second is forbidden; whom the socket ended up with is what counts. */
int race_connect(int argc, char **argv)
{
	struct sockaddr_in first, second;
	struct tries tries = { 0 };
	struct flip flip;

	if (argc < 5)
		return 99;
	first = ipv4(argv[1], argv[2]);
	second = ipv4(argv[3], argv[4]);
	flip_bytes(&flip, &first, &second, sizeof(first), 0);
	flip_by_thread(&flip);
	while (another(&tries)) {
		struct sockaddr_in peer;
		socklen_t length = sizeof(peer);
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (fd < 0)
			fatal("socket");
		if (connect(fd, (struct sockaddr *)flip.text, sizeof(first)))
			tries.refused++;
		else if (getpeername(fd, (struct sockaddr *)&peer, &length))
			fatal("getpeername");
		else if (peer.sin_port == second.sin_port && peer.sin_addr.s_addr == second.sin_addr.s_addr)
			tries.wins++;
		else
			tries.allowed++;
		close_at_once(fd);
	}
	flip_end(&flip);
	return report(&tries);
}

/* race-sendto HOST PORT HOST PORT: datagrams; the test counts what arrives at the second. */
int race_sendto(int argc, char **argv)
{
	struct sockaddr_in first, second;
	struct tries tries = { 0 };
	struct flip flip;
	int fd;

	if (argc < 5)
		return 99;
	first = ipv4(argv[1], argv[2]);
	second = ipv4(argv[3], argv[4]);
	flip_bytes(&flip, &first, &second, sizeof(first), 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		fatal("socket");
	flip_by_thread(&flip);
	while (another(&tries)) {
		if (sendto(fd, "x", 1, 0, (struct sockaddr *)flip.text, sizeof(first)) == 1)
			tries.allowed++;
		else
			tries.refused++;
	}
	flip_end(&flip);
	return report(&tries);
}

/* race-unix ALLOWED SECRET: the path in a sockaddr_un flips; the test counts who was connected to the second. */
int race_unix(int argc, char **argv)
{
	struct sockaddr_un first = { .sun_family = AF_UNIX }, second = { .sun_family = AF_UNIX };
	struct tries tries = { 0 };
	struct flip flip;

	if (argc < 3)
		return 99;
	strncpy(first.sun_path, argv[1], sizeof(first.sun_path) - 1);
	strncpy(second.sun_path, argv[2], sizeof(second.sun_path) - 1);
	flip_bytes(&flip, &first, &second, sizeof(first), 0);
	flip_by_thread(&flip);
	while (another(&tries)) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

		if (fd < 0)
			fatal("socket");
		if (connect(fd, (struct sockaddr *)flip.text, sizeof(first)))
			tries.refused++;
		else
			tries.allowed++;
		close(fd);
	}
	flip_end(&flip);
	return report(&tries);
}
