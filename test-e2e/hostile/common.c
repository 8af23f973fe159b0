#include "hostile.h"

#include <time.h>

static long setting(const char *name, long otherwise)
{
	const char *value = getenv(name);

	return value ? atol(value) : otherwise;
}

int another(struct tries *tries)
{
	static struct timespec end;
	static long most;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!most) {
		most = setting("HOSTILE_TRIES", 20000);
		end = now;
		end.tv_sec += setting("HOSTILE_SECONDS", 2);
	}
	if (tries->attempts >= most || now.tv_sec > end.tv_sec ||
	    (now.tv_sec == end.tv_sec && now.tv_nsec > end.tv_nsec))
		return 0;
	tries->attempts++;
	return 1;
}

int report(const struct tries *tries)
{
	printf("attempts=%ld wins=%ld allowed=%ld refused=%ld\n", tries->attempts, tries->wins, tries->allowed,
	       tries->refused);
	return 0;
}

void flip_bytes(struct flip *flip, const void *first, const void *second, size_t count, int shared)
{
	const char *one = first, *two = second;
	size_t differ = 0;
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | (shared ? MAP_SHARED : MAP_PRIVATE), -1, 0);

	if (page == MAP_FAILED)
		fatal("mmap");
	while (differ < count && one[differ] == two[differ])
		differ++;
	if (differ == count || (count > differ + 8 && memcmp(one + differ + 8, two + differ + 8, count - differ - 8)))
		fatal("the two differ in more than eight bytes, or not at all");
	flip->text = page + 4096 - differ;
	flip->word = (uint64_t *)(page + 4096);
	memcpy(flip->text, two, count);
	flip->second = *flip->word;
	memcpy(flip->text, one, count);
	flip->first = *flip->word;
	flip->stop = 0;
	flip->process = 0;
}

static void *flipper(void *argument)
{
	struct flip *flip = argument;
	unsigned seed = 1;

	/* Uneven pauses, so that no fixed rhythm of the other side always meets the same half. */
	while (!flip->stop) {
		__atomic_store_n(flip->word, flip->second, __ATOMIC_SEQ_CST);
		for (int left = rand_r(&seed) % 2000; left; left--)
			__asm__ volatile("pause");
		__atomic_store_n(flip->word, flip->first, __ATOMIC_SEQ_CST);
		for (int left = rand_r(&seed) % 2000; left; left--)
			__asm__ volatile("pause");
	}
	return NULL;
}

void flip_by_thread(struct flip *flip)
{
	if (pthread_create(&flip->thread, NULL, flipper, flip))
		fatal("pthread_create");
}

void flip_by_process(struct flip *flip)
{
	flip->process = fork();
	if (flip->process < 0)
		fatal("fork");
	if (flip->process == 0) {
		flipper(flip);
		_exit(0);
	}
}

void flip_end(struct flip *flip)
{
	flip->stop = 1;
	if (flip->process) {
		kill(flip->process, SIGKILL);
		waitpid(flip->process, NULL, 0);
	} else {
		pthread_join(flip->thread, NULL);
	}
}

void fatal(const char *what)
{
	fprintf(stderr, "hostile: %s: %s\n", what, strerror(errno));
	exit(99);
}

const char *errno_name(int error)
{
	const char *name = error ? strerrorname_np(error) : "OK";

	return name ? name : "?";
}
