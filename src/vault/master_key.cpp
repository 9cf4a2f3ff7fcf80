#include <spidergate/core/ascii.hpp>
#include <spidergate/crypto/aead.hpp>
#include <spidergate/crypto/digest.hpp>
#include <spidergate/vault/envelope.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace spidergate::vault {

namespace {

constexpr std::size_t hex_length = 2 * crypto::key_bytes;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

master_key named(std::span<const unsigned char, crypto::key_bytes> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto digest = crypto::sha256(text);
  return {crypto::to_hex({reinterpret_cast<const char*>(digest.data()), 8}), secret_string(text)};
}

std::string reason(int error) {
  return std::system_category().message(error);
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
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

using loaded = boost::system::result<master_key_file, std::string>;

loaded read_key(const std::string& path, int file) {
  struct stat about{};
  if (fstat(file, &about) != 0) return path + ": " + reason(errno);
  if ((about.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return path + " can be read or changed by every user of this machine; run: chmod 600 " + path;
  }
  std::array<char, hex_length + 16> text{};
  const auto size = ::read(file, text.data(), text.size());
  if (size < 0) return path + ": " + reason(errno);
  const std::string_view content(text.data(), static_cast<std::size_t>(size));
  auto key = master_key::from_hex(trim(content.substr(0, content.find_first_of("\r\n"))));
  explicit_bzero(text.data(), text.size());
  if (!key) {
    return path +
           " does not hold a master key (64 hex digits). Restore it from a backup: without it the stored "
           "provider keys cannot be read.";
  }
  master_key_file found{*std::move(key), false, {}};
  if ((about.st_mode & (S_IRGRP | S_IWGRP)) != 0) {
    found.warning = path + " is open to its group; chmod 600 it unless the platform sets that mode.";
  }
  return found;
}

/// Writes a whole key file under a name of its own and links it into place, so that nobody ever reads half a key.
/// An error number, or 0; EEXIST when another process was first.
int put_in_place(const std::string& path, const master_key& key, crypto::random_source& random) {
  const auto draft = path + "." + crypto::random_base62(random, 8) + ".new";
  const descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return errno;
  const auto hex = key.to_hex();
  int error = 0;
  if (::write(file.get(), hex.reveal().data(), hex.size()) != static_cast<ssize_t>(hex.size()) ||
      ::write(file.get(), "\n", 1) != 1 || ::fsync(file.get()) != 0) {
    error = errno != 0 ? errno : EIO;
  } else if (::link(draft.c_str(), path.c_str()) != 0) {
    error = errno;
    // A file system without hard links: then a rename, which loses only the race between two first starts.
    if ((error == EPERM || error == EOPNOTSUPP) && ::rename(draft.c_str(), path.c_str()) == 0) error = 0;
  }
  ::unlink(draft.c_str());
  const auto slash = path.rfind('/');
  const descriptor folder(
      ::open(slash == std::string::npos ? "." : path.substr(0, slash + 1).c_str(), O_RDONLY | O_CLOEXEC));
  if (folder.is_open()) ::fsync(folder.get());
  return error;
}

}  // namespace

std::optional<master_key> master_key::from_hex(std::string_view hex) {
  if (hex.size() != hex_length) return std::nullopt;
  std::array<unsigned char, crypto::key_bytes> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto high = hex_value(hex[2 * i]);
    const auto low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<unsigned char>(high * 16 + low);
  }
  auto key = named(bytes);
  explicit_bzero(bytes.data(), bytes.size());
  return key;
}

master_key master_key::generate(crypto::random_source& random) {
  std::array<unsigned char, crypto::key_bytes> bytes{};
  random.fill(bytes);
  auto key = named(bytes);
  explicit_bzero(bytes.data(), bytes.size());
  return key;
}

secret_string master_key::to_hex() const {
  auto hex = crypto::to_hex(bytes.reveal());
  secret_string wrapped(hex);
  explicit_bzero(hex.data(), hex.size());
  return wrapped;
}

boost::system::result<master_key_file, std::string> load_or_create_master_key(const std::string& path,
                                                                              crypto::random_source& random) {
  bool created = false;
  descriptor existing(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (existing.is_open()) return read_key(path, existing.get());
  if (errno != ENOENT) return path + ": " + reason(errno);
  if (const auto error = put_in_place(path, master_key::generate(random), random); error == 0) {
    created = true;
  } else if (error != EEXIST) {
    return "cannot make " + path + ": " + reason(error);
  }
  const descriptor made(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!made.is_open()) return path + ": " + reason(errno);
  auto found = read_key(path, made.get());
  if (found.has_value()) found->created = created;
  return found;
}

}  // namespace spidergate::vault
