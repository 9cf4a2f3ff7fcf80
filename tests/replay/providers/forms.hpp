#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

/// Simple readings of forms and base64, for the tests alone.
namespace spidergate::replay {

inline std::string from_base64(const std::string& text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    const auto six = alphabet.find(c);
    if (six == std::string_view::npos) continue;
    group = group << 6 | static_cast<std::uint32_t>(six);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out.push_back(static_cast<char>(group >> bits & 0xFF));
  }
  return out;
}

/// What the parts of a multipart form say, by their whole heads but for the name of the boundary.
inline std::map<std::string, std::string> parts_of(const std::string& body, const std::string& content_type) {
  const std::string boundary = "--" + content_type.substr(content_type.find("boundary=") + 9);
  std::map<std::string, std::string> parts;
  for (auto at = body.find(boundary); at != std::string::npos;) {
    const auto next = body.find(boundary, at + boundary.size());
    if (next == std::string::npos) break;
    const auto part = body.substr(at + boundary.size() + 2, next - at - boundary.size() - 4);
    const auto head = part.substr(0, part.find("\r\n\r\n"));
    const auto name = head.find("name=\"") + 6;
    const auto content = part.substr(head.size() + 4);
    const auto file = head.find("filename=");
    parts[head.substr(name, head.find('"', name) - name)] =
        file == std::string::npos ? content : head.substr(file) + content;
    at = next;
  }
  return parts;
}

}  // namespace spidergate::replay
