#include "sections.hpp"

namespace spidergate::config {
namespace {

std::vector<declaration> all_settings() {
  auto all = server_settings();
  for (const auto& more : {store_settings(), request_settings()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

std::string declaration::env_name() const {
  std::string name = "SPIDERGATE_";
  for (const char c : key) name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::span<const declaration> declarations() {
  static const auto all = all_settings();
  return all;
}

const declaration* find_declaration(std::string_view key) {
  for (const auto& declared : declarations())
    if (declared.key == key) return &declared;
  return nullptr;
}

}  // namespace spidergate::config
