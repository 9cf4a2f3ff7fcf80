#include <spidergate/providers/sse_framer.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace spidergate::providers {
namespace {

using events = std::vector<std::string>;

/// "type|data" of each event; "!" where the framer gives up.
events frame(std::string_view stream, std::size_t piece_size, std::size_t limit = sse_framer::default_limit) {
  sse_framer framer(limit);
  events out;
  sse_event event;
  const auto note = [&] { out.push_back(std::string(event.type) + "|" + std::string(event.data)); };
  while (!stream.empty()) {
    const std::string piece(stream.substr(0, piece_size));
    stream.remove_prefix(piece.size());
    framer.feed(piece);
    for (auto step = framer.next(event); step != sse_framer::step::more; step = framer.next(event)) {
      if (step == sse_framer::step::oversize) {
        out.push_back("!");
        return out;
      }
      note();
    }
  }
  if (framer.finish(event)) note();
  return out;
}

void expect_events(std::string_view stream, const events& expected) {
  for (std::size_t size = 1; size <= stream.size(); ++size)
    EXPECT_EQ(frame(stream, size), expected) << "pieces of " << size;
}

TEST(sse_framer, knows_all_line_ends) {
  expect_events("data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\r\n", {"|a", "|b", "|c", "|d"});
}

TEST(sse_framer, joins_lines_of_data) {
  expect_events("data: a\ndata:b\ndata\ndata:  c\n\n", {"|a\nb\n\n c"});
}

TEST(sse_framer, skips_comments_and_other_fields) {
  expect_events(
      ": OPENROUTER PROCESSING\n\nid: 7\nretry: 1\nunknown\nevent: x\n\nevent: error\ndata: {}\n\ndata: y\n\n",
      {"error|{}", "|y"});
}

TEST(sse_framer, passes_over_a_byte_order_mark_at_the_start_only) {
  expect_events(
      "\xEF\xBB\xBF"
      "data: a\n\ndata: \xEF\xBB\xBF\n\n",
      {"|a", "|\xEF\xBB\xBF"});
}

TEST(sse_framer, gives_the_last_event_without_its_blank_line) {
  expect_events("data: a\n\ndata: [DONE]", {"|a", "|[DONE]"});
  expect_events("data: a\n\ndata: [DONE]\n", {"|a", "|[DONE]"});
  expect_events("data: a\n\n: end", {"|a"});
}

TEST(sse_framer, gives_up_on_oversize_events_however_they_are_cut) {
  const std::string stream = "data: ok\n\ndata: " + std::string(200, 'x') + "\n\ndata: never\n\n";
  const std::string lines = "data: ok\n\ndata: " + std::string(60, 'x') + "\ndata: " + std::string(60, 'y') + "\n\n";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    EXPECT_EQ(frame(stream, size, 100), (events{"|ok", "!"})) << size;
    EXPECT_EQ(frame(lines, size, 100), (events{"|ok", "!"})) << size;
  }
}

TEST(sse_framer, does_not_copy_an_event_that_lies_whole_in_the_input) {
  const std::string bytes = "data: {\"a\":1}\n\n";
  sse_framer framer;
  sse_event event;
  framer.feed(bytes);
  ASSERT_EQ(framer.next(event), sse_framer::step::event);
  EXPECT_EQ(event.data.data(), bytes.data() + 6);
}

TEST(sse_framer, takes_linear_time_for_lines_that_end_with_cr) {
  std::string stream;
  for (int i = 0; i < 300'000; ++i) stream += "data\r";
  EXPECT_EQ(frame(stream, stream.size()).size(), 1u);
}

}  // namespace
}  // namespace spidergate::providers
