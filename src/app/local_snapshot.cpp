#include "local_snapshot.hpp"

#include "row_archive.hpp"

#include <spidergate/core/last_system_error.hpp>
#include <spidergate/crypto/aead.hpp>
#include <spidergate/crypto/digest.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace spidergate::app {

namespace {

// "SGLS", the format's version, the master key's id, the database's id; all of it is authenticated.
constexpr std::string_view magic = "SGLS0001";
constexpr std::size_t version_digits = 4;
constexpr std::size_t id_length = 16;
constexpr std::size_t header_length = magic.size() + 2 * id_length;

std::string digest_of(std::string_view bytes) {
  const auto digest = crypto::sha256(bytes);
  return {digest.begin(), digest.end()};
}

/// A key of its own, so that what is sealed here can never be taken for an envelope's wrapped key.
secret_string key_from(const vault::master_key& master) {
  std::string text = "spidergate local snapshot\n";
  text += master.bytes.reveal();
  secret_string derived(digest_of(text));
  ::explicit_bzero(text.data(), text.size());
  return derived;
}

/// A file descriptor that closes itself.
class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// errno's error where a step failed. The folder is synced as well, for the name to survive a power failure.
error_code replace_file(const std::string& path, std::string_view bytes) {
  const auto fresh = path + "." + std::to_string(::getpid());
  error_code failed;
  {
    const descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.get() < 0) return last_system_error();
    if (!write_all(file.get(), bytes) || ::fsync(file.get()) != 0) failed = last_system_error();
  }
  if (!failed && ::rename(fresh.c_str(), path.c_str()) != 0) failed = last_system_error();
  if (failed) {
    ::unlink(fresh.c_str());
    return failed;
  }
  const descriptor folder(
      ::open(std::filesystem::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) return last_system_error();
  return {};
}

const vault::master_key* find_key(const vault::key_ring& keys, std::string_view id) {
  if (keys.current.id == id) return &keys.current;
  for (const auto& older : keys.previous)
    if (older.id == id) return &older;
  return nullptr;
}

}  // namespace

local_snapshot::local_snapshot(std::string path, vault::key_ring keys, std::string_view database,
                               crypto::random_source& random, std::size_t max_bytes)
    : path_(std::move(path)),
      keys_(std::move(keys)),
      database_id_(crypto::to_hex(digest_of(database)).substr(0, id_length)),
      random_(random),
      max_bytes_(max_bytes) {}

boost::system::result<void, std::string> local_snapshot::write(const stored_rows& rows,
                                                               std::span<const store::integration_state_record> states,
                                                               epoch_ms as_of) {
  std::string plain;
  const std::vector<store::integration_state_record> listed(states.begin(), states.end());
  row_writer{plain}(as_of, rows, listed);
  if (plain.size() > max_bytes_) {
    return "The local snapshot was not written: it would have " + std::to_string(plain.size()) + " bytes, and " +
           std::to_string(max_bytes_) + " are allowed.";
  }
  auto sealed = std::string(magic) + keys_.current.id + database_id_;
  sealed += crypto::seal(random_, key_from(keys_.current).reveal(), plain, sealed);
  if (const auto failed = replace_file(path_, sealed); failed)
    return "The local snapshot '" + path_ + "' cannot be written: " + failed.message() + ".";
  return {};
}

boost::system::result<saved_state, std::string> local_snapshot::read() const {
  std::error_code failed;
  const auto size = std::filesystem::file_size(path_, failed);
  if (failed == std::errc::no_such_file_or_directory) return "There is no local snapshot ('" + path_ + "').";
  const auto refuse = [this](std::string_view why) { return "The local snapshot '" + path_ + "' " + std::string(why); };
  if (failed) return refuse("cannot be read: " + failed.message() + ".");
  if (size > max_bytes_ + header_length + crypto::nonce_bytes + crypto::tag_bytes) return refuse("is too large.");
  std::string bytes(size, '\0');
  std::ifstream file(path_, std::ios::binary);
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size))) return refuse("cannot be read.");

  const std::string_view all = bytes;
  const auto header = all.substr(0, std::min(all.size(), header_length));
  if (header.size() < header_length || !header.starts_with(magic.substr(0, magic.size() - version_digits)))
    return refuse("is damaged.");
  if (!header.starts_with(magic)) return refuse("was written by another version of spidergate.");
  if (header.substr(header_length - id_length) != database_id_)
    return refuse("was made for another database (database.url).");
  const auto key_id = header.substr(magic.size(), id_length);
  const auto* master = find_key(keys_, key_id);
  if (master == nullptr) {
    return refuse("was sealed with another master key (" + std::string(key_id) +
                  "): put that key into vault.encryption_key or vault.previous_keys.");
  }
  const auto plain = crypto::open(key_from(*master).reveal(), all.substr(header_length), header);
  if (!plain) return refuse("is damaged.");
  saved_state saved;
  row_reader reader(plain->reveal());
  reader(saved.as_of, saved.rows, saved.states);
  if (!reader.ok()) return refuse("is damaged.");
  return saved;
}

}  // namespace spidergate::app
