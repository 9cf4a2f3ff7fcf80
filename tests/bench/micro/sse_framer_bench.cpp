#include <spidergate/providers/sse_framer.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

namespace {

using spidergate::providers::sse_event;
using spidergate::providers::sse_framer;

std::string stream(int events) {
  std::string bytes;
  for (int i = 0; i < events; ++i)
    bytes += R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m",)"
             R"("choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]})"
             "\n\n";
  return bytes;
}

/// The argument is the size of the reads: whole events at once, and cuts in their midst.
void cuts_a_stream_into_events(benchmark::State& state) {
  const int events = 100;
  const auto bytes = stream(events);
  const auto read_size = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    sse_framer framer;
    sse_event event;
    for (std::size_t at = 0; at < bytes.size(); at += read_size) {
      framer.feed(std::string_view{bytes}.substr(at, read_size));
      while (framer.next(event) == sse_framer::step::event) benchmark::DoNotOptimize(event);
    }
  }
  state.SetItemsProcessed(state.iterations() * events);
}
BENCHMARK(cuts_a_stream_into_events)->Arg(16384)->Arg(100);

}  // namespace
