#include <spidergate/crypto/aead.hpp>
#include <spidergate/vault/envelope.hpp>

#include <algorithm>
#include <array>
#include <cstring>

namespace spidergate::vault {
namespace {

constexpr std::string_view version = "SGV1";
constexpr std::size_t id_length = 16;
constexpr std::size_t wrapped_length = crypto::nonce_bytes + crypto::key_bytes + crypto::tag_bytes;
constexpr std::size_t shortest = version.size() + id_length + wrapped_length + crypto::nonce_bytes + crypto::tag_bytes;

/// The parts of a sealed form, as views into it.
struct envelope {
  std::string_view key_id, wrapped, payload;
};

std::optional<envelope> parse(std::string_view sealed) noexcept {
  if (sealed.size() < shortest || !sealed.starts_with(version)) return std::nullopt;
  sealed.remove_prefix(version.size());
  return envelope{sealed.substr(0, id_length), sealed.substr(id_length, wrapped_length),
                  sealed.substr(id_length + wrapped_length)};
}

/// Lengths go before the texts, so no two bindings give the same bytes.
std::string associated_data(std::string_view part, const binding& to) {
  std::string data;
  data.reserve(64 + to.brand_id.size() + to.integration_id.size() + to.origin.size());
  for (const auto text : {version, part, to.brand_id, to.integration_id, to.origin}) {
    const auto size = static_cast<std::uint32_t>(text.size());
    for (unsigned shift = 0; shift < 32; shift += 8) data += static_cast<char>(size >> shift & 0xffU);
    data += text;
  }
  return data;
}

std::string key_associated_data(const binding& to) {
  return associated_data("data key", to);
}
std::string payload_associated_data(const binding& to) {
  return associated_data("payload", to);
}

const master_key* find_key(const key_ring& keys, std::string_view id) noexcept {
  if (keys.current.id == id) return &keys.current;
  const auto found =
      std::find_if(keys.previous.begin(), keys.previous.end(), [&](const master_key& k) { return k.id == id; });
  return found == keys.previous.end() ? nullptr : &*found;
}

std::optional<secret_string> unwrap(const key_ring& keys, const binding& to, const envelope& parts) {
  const auto* key = find_key(keys, parts.key_id);
  if (key == nullptr) return std::nullopt;
  return crypto::open(key->bytes.reveal(), parts.wrapped, key_associated_data(to));
}

std::string assemble(crypto::random_source& random, const master_key& with, const binding& to,
                     std::string_view data_key, std::string_view payload) {
  std::string sealed(version);
  sealed += with.id;
  sealed += crypto::seal(random, with.bytes.reveal(), data_key, key_associated_data(to));
  return sealed.append(payload);
}

secret_string fresh_data_key(crypto::random_source& random) {
  std::array<unsigned char, crypto::key_bytes> bytes{};
  random.fill(bytes);
  secret_string key({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  explicit_bzero(bytes.data(), bytes.size());
  return key;
}

}  // namespace

std::string seal_credential(crypto::random_source& random, const key_ring& keys, const binding& to,
                            std::string_view plain) {
  const auto data_key = fresh_data_key(random);
  const auto payload = crypto::seal(random, data_key.reveal(), plain, payload_associated_data(to));
  return assemble(random, keys.current, to, data_key.reveal(), payload);
}

std::optional<secret_string> open_credential(const key_ring& keys, const binding& to, std::string_view sealed) {
  const auto parts = parse(sealed);
  if (!parts) return std::nullopt;
  const auto data_key = unwrap(keys, to, *parts);
  if (!data_key) return std::nullopt;
  return crypto::open(data_key->reveal(), parts->payload, payload_associated_data(to));
}

std::optional<std::string> rewrap(crypto::random_source& random, const key_ring& keys, const binding& to,
                                  std::string_view sealed) {
  const auto parts = parse(sealed);
  if (!parts) return std::nullopt;
  const auto data_key = unwrap(keys, to, *parts);
  // The payload is opened too: a row that would not open must not look freshly rotated.
  if (!data_key || !crypto::open(data_key->reveal(), parts->payload, payload_associated_data(to))) return std::nullopt;
  return assemble(random, keys.current, to, data_key->reveal(), parts->payload);
}

std::string_view master_key_id(std::string_view sealed) noexcept {
  const auto parts = parse(sealed);
  return parts ? parts->key_id : std::string_view{};
}

}  // namespace spidergate::vault
