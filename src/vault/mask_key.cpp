#include <spidergate/vault/envelope.hpp>

#include <array>

namespace spidergate::vault {

namespace {

constexpr std::size_t shortest_shown = 16;
constexpr std::size_t tail_length = 4;

/// Beginnings that say what a key is for and nothing about the key; longer ones before those that they begin with.
constexpr std::array<std::string_view, 22> known_prefixes{
    "sk-proj-", "sk-svcacct-", "sk-ant-", "sk-or-", "sk-",  "sk_",  "gsk_", "csk-", "nvapi-", "pplx-",       "xai-",
    "hf_",      "r8_",         "AIza",    "AKIA",   "ASIA", "ABSK", "dapi", "ghp_", "cfut_",  "github_pat_", "fw_"};

std::string_view shown_prefix(std::string_view key) noexcept {
  for (const auto prefix : known_prefixes) {
    if (key.starts_with(prefix)) return prefix;
  }
  return key.substr(0, 3);
}

}  // namespace

std::string mask_key(std::string_view key) {
  const auto prefix = shown_prefix(key);
  // At least twice as much stays hidden as the tail shows, whatever the prefix.
  if (key.size() < shortest_shown || key.size() < prefix.size() + 3 * tail_length) return "***";
  return std::string(prefix).append("***").append(key.substr(key.size() - tail_length));
}

}  // namespace spidergate::vault
