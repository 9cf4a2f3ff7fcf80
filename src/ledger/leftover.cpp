#include "leftover.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace spidergate::ledger {

namespace {

/// The file, locked by us, if it still has its name; -1 otherwise.
int open_abandoned(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  struct stat opened{};
  struct stat named{};
  // Between opening and locking, another loader may have finished with it and deleted it.
  const bool ours = ::flock(file, LOCK_EX | LOCK_NB) == 0 && ::fstat(file, &opened) == 0 &&
                    ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
  if (ours) return file;
  ::close(file);
  return -1;
}

std::string content_of(int file) {
  std::string content;
  char buffer[65'536];
  ssize_t got = 0;
  while ((got = ::read(file, buffer, sizeof buffer)) > 0) content.append(buffer, static_cast<std::size_t>(got));
  return content;
}

void remove_abandoned(const std::string& path) {
  const int file = open_abandoned(path);
  if (file < 0) return;
  ::unlink(path.c_str());
  ::close(file);
}

}  // namespace

std::optional<leftover> leftover::claim(const std::string& path) {
  const int file = open_abandoned(path);
  if (file < 0) return std::nullopt;
  leftover claimed(path, file);
  claimed.content_ = content_of(file);
  const auto readable = readable_bytes(claimed.content_);
  // A process that was killed before it wrote the header leaves zeros; anything else here is damage.
  const bool blank = claimed.content_.find_first_not_of('\0') == std::string::npos;
  claimed.damaged_ = readable == 0 && !blank;
  claimed.untold_ = claimed.damaged_;
  claimed.content_.resize(readable);
  return claimed;
}

leftover::~leftover() {
  if (file_ >= 0) ::close(file_);
}

void leftover::peek(std::vector<std::string_view>& into, std::size_t max, std::uint64_t& damaged) {
  using kind = found_record::kind;
  if (std::exchange(untold_, false)) ++damaged;
  while (into.size() < max) {
    const auto found = read_record(content_, peeked_);
    if (found.what == kind::end) return;
    peeked_ = found.next;
    if (found.what == kind::whole) {
      into.push_back(found.bytes);
    } else {
      ++damaged;
      damaged_ = true;
    }
  }
}

void leftover::finish() noexcept {
  if (damaged_) {
    ::rename(path_.c_str(), (path_ + ".damaged").c_str());
  } else {
    ::unlink(path_.c_str());
  }
}

std::deque<leftover> claim_leftovers(const std::string& directory) {
  std::vector<std::pair<std::filesystem::file_time_type, std::string>> found;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failure)) {
    const auto path = entry.path().string();
    std::error_code gone;
    if (path.ends_with(unfinished_suffix)) remove_abandoned(path);
    if (path.ends_with(segment_suffix)) found.emplace_back(entry.last_write_time(gone), path);
  }
  std::sort(found.begin(), found.end());
  std::deque<leftover> claimed;
  for (const auto& [age, path] : found) {
    if (auto one = leftover::claim(path)) claimed.push_back(std::move(*one));
  }
  return claimed;
}

}  // namespace spidergate::ledger
