/* Holds many tasks until its standard input ends.
 *
 *     crowd {processes|threads} COUNT
 *
 * Prints one line once all of them are there.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing is ever written to it: a read ends when the last writing end is closed. */
static int gate[2];

static void wait_for_end(int fd)
{
	char byte;

	while (read(fd, &byte, 1) > 0)
		;
}

static void *idle(void *unused)
{
	(void)unused;
	wait_for_end(gate[0]);
	return NULL;
}

static int one_more(int as_thread)
{
	pthread_attr_t small;
	pthread_t thread;
	pid_t child;

	if (as_thread) {
		pthread_attr_init(&small);
		pthread_attr_setstacksize(&small, 65536);
		return pthread_create(&thread, &small, idle, NULL);
	}
	child = fork();
	if (child == 0) {
		close(gate[1]);
		wait_for_end(gate[0]);
		_exit(0);
	}
	return child < 0;
}

int main(int argc, char **argv)
{
	if (argc != 3 || pipe(gate))
		return 2;
	for (int left = atoi(argv[2]); left > 0; left--) {
		if (one_more(!strcmp(argv[1], "threads"))) {
			perror("crowd");
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	wait_for_end(STDIN_FILENO);
	close(gate[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
