/* Plain TCP, both ends driven by one thread. */
#include "bench/bench.h"

#include "base/deadline.h"
#include "bench/added.h"
#include "bench/row.h"
#include "bench/steps.h"
#include "bench/ways.h"

void
bench_plain(void)
{
	static const struct {
		enum bench_row row;
		size_t n;
		int times;
	} sizes[] = {
		{ ROW_PLAIN_1, 1, 5000 },
		{ ROW_PLAIN_64, 64, 5000 },
		{ ROW_PLAIN_1024, 1024, 5000 },
		{ ROW_PLAIN_16384, 16384, 3000 },
		{ ROW_PLAIN_65536, 65536, 1000 },
	};
	struct steps s = { .base_way = &ways_raw };

	ways_connect_plain(s.mine);
	ways_connect_raw(s.base);
	added_rows((const int[]){ s.mine[0].fd, s.mine[1].fd });
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		s.n = sizes[i].n;
		s.times = sizes[i].times;
		row_run(sizes[i].row, ROW_ROUNDS, steps_there, &s);
	}
	s.n = 1;
	s.times = 3000;
	row_run(ROW_PLAIN_PING, ROW_ROUNDS, steps_there_and_back, &s);
	ways_close_ours(s.mine);
	ways_close_raw(s.base);
}
