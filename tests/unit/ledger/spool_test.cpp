#include "leftover.hpp"
#include "receipts.hpp"
#include "spool_segments.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sys/resource.h>
#include <thread>

namespace spidergate::ledger {
namespace {

using boost::system::errc::message_size;
using boost::system::errc::no_buffer_space;

class spool_files : public ::testing::Test, protected testing::spool_directory {
 protected:
  /// The loader's side, by hand.
  std::vector<std::string> take(spool_segments& from, std::size_t max = 100'000) {
    std::vector<std::string_view> records;
    from.peek(records, max, damaged);
    std::vector<std::string> copies(records.begin(), records.end());
    from.discard();
    return copies;
  }
  std::vector<std::string> left_behind() {
    std::vector<std::string> copies;
    for (auto& one : claim_leftovers(spool_path())) {
      std::vector<std::string_view> records;
      one.peek(records, 100'000, damaged);
      copies.insert(copies.end(), records.begin(), records.end());
      one.discard();
      one.finish();
    }
    return copies;
  }
  std::uint64_t damaged = 0;
};

/// Memory that this process has of the files below `directory`.
std::size_t resident_kib(const std::string& directory) {
  std::ifstream maps("/proc/self/smaps");
  std::size_t sum = 0;
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.find(' ') > line.find('-')) inside = line.find(directory) != std::string::npos;
    if (inside && line.starts_with("Rss:")) sum += std::stoul(line.substr(4));
  }
  return sum;
}

TEST_F(spool_files, a_spool_takes_memory_once_it_is_used) {
  constexpr std::size_t bytes = 1U << 20U;
  spool_segments spool(spool_path(), 0, bytes, 4 * bytes);
  EXPECT_LE(resident_kib(spool_path()), 128U);
  ASSERT_TRUE(spool.append("one"));
  take(spool);
  EXPECT_GE(resident_kib(spool_path()), bytes / 1024) << "the loader has touched the rest";
}

TEST_F(spool_files, records_come_back_in_order_across_segments) {
  spool_segments spool(spool_path(), 0, segment_bytes, 16 * segment_bytes);
  std::vector<std::string> written;
  for (std::size_t i = 1; i < 300; ++i) {
    written.push_back(std::string(i, static_cast<char>('a' + i % 26)));
    ASSERT_TRUE(spool.append(written.back()));
  }
  EXPECT_EQ(take(spool), written);
  EXPECT_EQ(spool.appended_bytes(), spool.loaded_bytes());
  EXPECT_EQ(damaged, 0U);
}

TEST_F(spool_files, what_is_not_discarded_is_peeked_again) {
  spool_segments spool(spool_path(), 0, segment_bytes, 4 * segment_bytes);
  ASSERT_TRUE(spool.append("one"));
  std::vector<std::string_view> first;
  spool.peek(first, 10, damaged);
  spool.rewind();
  ASSERT_TRUE(spool.append("two"));
  EXPECT_EQ(take(spool, 1), std::vector<std::string>{"one"});
  EXPECT_EQ(take(spool), std::vector<std::string>{"two"});
  EXPECT_TRUE(take(spool).empty());
}

TEST_F(spool_files, segments_are_used_again_and_disk_use_stays_bounded) {
  spool_segments spool(spool_path(), 0, segment_bytes, 4 * segment_bytes);
  const std::string record(1'000, 'x');
  std::size_t got = 0;
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_TRUE(spool.append(record));
    if (i % 10 == 0) got += take(spool).size(), spool.prepare_spare();
    EXPECT_LE(files(".segment").size(), 4U);
  }
  EXPECT_EQ(got + take(spool).size(), 1'000U);
}

TEST_F(spool_files, two_spare_segments_are_kept_and_no_more) {
  spool_segments spool(spool_path(), 0, segment_bytes, 16 * segment_bytes);
  const std::string record(1'000, 'x');
  const auto fill_and_empty = [&](std::size_t segments) {
    for (std::size_t i = 0; i < segments * segment_bytes / space_of(record.size()); ++i)
      ASSERT_TRUE(spool.append(record));
    take(spool);
    spool.prepare_spare();
  };
  fill_and_empty(8);
  const auto kept = files(".segment");
  EXPECT_EQ(kept.size(), 3U) << "one in use, two spare";
  for (int i = 0; i < 20; ++i) fill_and_empty(1);
  EXPECT_EQ(files(".segment"), kept) << "none is made while these do";
}

TEST_F(spool_files, at_its_bound_it_refuses_until_records_are_loaded) {
  spool_writer spool(spool_path(), 0, segment_bytes, 2 * segment_bytes);
  const std::string record(1'000, 'x');
  bool room_was_denied_first = false;
  result<void> last;
  for (int i = 0; i < 100 && last; ++i) {
    room_was_denied_first = room_was_denied_first || !spool.has_room();
    last = spool.append(record);
  }
  EXPECT_EQ(last.error(), no_buffer_space);
  EXPECT_TRUE(room_was_denied_first);
  EXPECT_FALSE(spool.has_room());
  EXPECT_GT(spool.pending_bytes(), segment_bytes);
}

TEST_F(spool_files, room_is_back_after_loading) {
  spool_segments spool(spool_path(), 0, segment_bytes, 2 * segment_bytes);
  while (spool.append(std::string(1'000, 'x'))) {
  }
  EXPECT_FALSE(spool.has_room());
  take(spool);
  EXPECT_TRUE(spool.has_room());
  EXPECT_TRUE(spool.append("again"));
}

TEST_F(spool_files, an_empty_record_is_refused) {
  spool_writer spool(spool_path(), 0, segment_bytes, 2 * segment_bytes);
  EXPECT_EQ(spool.append("").error(), boost::system::errc::invalid_argument);
}

TEST_F(spool_files, a_record_larger_than_a_segment_is_refused) {
  spool_writer spool(spool_path(), 0, segment_bytes, 2 * segment_bytes);
  EXPECT_EQ(spool.append(std::string(segment_bytes, 'x')).error(), message_size);
  EXPECT_TRUE(spool.append(std::string(segment_bytes - 64 - 8, 'x')));
}

/// A disk that is full, as the process sees it: no file may grow beyond `bytes`.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    old_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit now{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, old_);
  }

 private:
  rlimit before_{};
  void (*old_)(int) = nullptr;
};

TEST_F(spool_files, a_full_disk_denies_room_and_fails_the_append_but_loses_nothing) {
  spool_segments spool(spool_path(), 0, segment_bytes, 16 * segment_bytes);
  const std::string record(1'000, 'x');
  std::size_t written = 0;
  {
    const file_size_limit full(segment_bytes / 2);
    result<void> last;
    while ((last = spool.append(record))) ++written;
    EXPECT_EQ(last.error().value(), EFBIG);
    EXPECT_FALSE(spool.has_room());
    EXPECT_THROW(spool_writer(spool_path(), 1, segment_bytes, 4 * segment_bytes), std::runtime_error);
    EXPECT_TRUE(files(".segment-new").empty());
  }
  spool.prepare_spare();
  EXPECT_TRUE(spool.has_room());
  ASSERT_TRUE(spool.append(record));
  EXPECT_EQ(take(spool).size(), written + 1);
}

TEST_F(spool_files, a_clean_end_leaves_only_what_is_not_loaded) {
  {
    spool_segments spool(spool_path(), 0, segment_bytes, 4 * segment_bytes);
    ASSERT_TRUE(spool.append("loaded"));
    take(spool);
  }
  EXPECT_TRUE(files(".segment").empty());
  {
    spool_segments spool(spool_path(), 0, segment_bytes, 4 * segment_bytes);
    ASSERT_TRUE(spool.append("loaded"));
    take(spool);
    ASSERT_TRUE(spool.append("waiting"));
  }
  EXPECT_EQ(files(".segment").size(), 1U);
  EXPECT_EQ(left_behind(), (std::vector<std::string>{"loaded", "waiting"}));
  EXPECT_TRUE(files("").empty());
}

TEST_F(spool_files, segments_in_use_are_not_claimed) {
  spool_segments spool(spool_path(), 0, segment_bytes, 4 * segment_bytes);
  ASSERT_TRUE(spool.append("mine"));
  EXPECT_TRUE(left_behind().empty());
  EXPECT_EQ(take(spool), std::vector<std::string>{"mine"});
}

class damaged_segment : public spool_files {
 protected:
  /// A segment with `count` records of 100 bytes, left behind.
  void leave(int count) {
    spool_segments spool(spool_path(), 0, segment_bytes, 4 * segment_bytes);
    for (int i = 0; i < count; ++i) EXPECT_TRUE(spool.append(std::string(100, static_cast<char>('a' + i))));
  }
  void overwrite(std::size_t at, std::string_view bytes) {
    std::fstream file(files(".segment").at(0), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
};

TEST_F(damaged_segment, a_wrong_checksum_costs_one_record) {
  leave(3);
  overwrite(sizeof(segment_header) + space_of(100) + 20, "?");
  EXPECT_EQ(left_behind().size(), 2U);
  EXPECT_EQ(damaged, 1U);
  EXPECT_EQ(files(".damaged").size(), 1U);
}

TEST_F(damaged_segment, an_impossible_length_ends_the_segment) {
  leave(3);
  overwrite(sizeof(segment_header) + space_of(100), "\xff\xff\xff\xff");
  EXPECT_EQ(left_behind().size(), 1U);
  EXPECT_EQ(damaged, 1U);
}

TEST_F(damaged_segment, a_truncated_file_gives_what_it_still_has) {
  leave(3);
  std::filesystem::resize_file(files(".segment").at(0), sizeof(segment_header) + space_of(100) + 50);
  EXPECT_EQ(left_behind().size(), 1U);
  EXPECT_EQ(damaged, 1U);
}

TEST_F(damaged_segment, bytes_after_the_committed_end_are_not_read) {
  leave(2);
  overwrite(sizeof(segment_header) + 2 * space_of(100), "garbage garbage garbage");
  EXPECT_EQ(left_behind().size(), 2U);
  EXPECT_EQ(damaged, 0U);
}

TEST_F(damaged_segment, a_foreign_header_is_set_aside_and_a_blank_one_is_dropped) {
  leave(1);
  overwrite(0, "NOTSPOOL");
  std::ofstream(spool_path() + "/blank.segment") << std::string(4'096, '\0');
  std::ofstream(spool_path() + "/empty.segment");
  std::ofstream(spool_path() + "/unborn.segment-new") << "x";
  EXPECT_TRUE(left_behind().empty());
  EXPECT_EQ(damaged, 1U);
  EXPECT_EQ(files("").size(), 1U);
  EXPECT_EQ(files(".damaged").size(), 1U);
}

TEST_F(damaged_segment, zeros_are_not_records) {
  leave(2);
  const std::uint64_t committed = sizeof(segment_header) + 2 * space_of(100) + 800;
  overwrite(offsetof(segment_header, committed), {reinterpret_cast<const char*>(&committed), sizeof committed});
  EXPECT_EQ(left_behind().size(), 2U);
  EXPECT_EQ(damaged, 1U);
}

TEST_F(damaged_segment, any_flipped_byte_is_survived) {
  for (std::size_t at = 0; at < sizeof(segment_header) + 2 * space_of(100); at += 3) {
    leave(2);
    overwrite(at, "\xa5");
    EXPECT_LE(left_behind().size(), 2U);
    for (const auto& path : files("")) std::filesystem::remove(path);
  }
}

TEST_F(spool_files, append_speed_is_printed) {
  spool_segments spool(spool_path(), 0, 64U << 20U, 256U << 20U);
  const std::string record(400, 'x');
  const auto start = std::chrono::steady_clock::now();
  constexpr int count = 100'000;
  for (int i = 0; i < count; ++i) ASSERT_TRUE(spool.append(record));
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  std::cout << "append of 400 bytes: " << took.count() / count << " ns\n";
}

// Between its creation and its lock a new segment looks abandoned: a writer once failed when a loader looked just then.
TEST_F(spool_files, a_loader_that_looks_for_abandoned_files_never_costs_a_writer_its_new_segment) {
  std::atomic<bool> done{false};
  std::vector<std::jthread> looking;
  for (int i = 0; i < 4; ++i) {
    looking.emplace_back([&] {
      while (!done) (void)claim_leftovers(spool_path());
    });
  }
  int failed = 0;
  for (int i = 0; i < 600; ++i) {
    auto made = segment::create(spool_path(), 0, 4'096);
    if (!made) {
      ++failed;
    } else {
      made->close(true);
    }
  }
  done = true;
  EXPECT_EQ(failed, 0);
}

}  // namespace
}  // namespace spidergate::ledger
