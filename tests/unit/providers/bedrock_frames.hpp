#pragma once
#include <spidergate/crypto/digest.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Writes AWS's event stream encoding, for tests.
namespace spidergate::providers::bedrock {

inline std::string big_endian(std::size_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return out;
}

inline std::string frame(const std::vector<std::pair<std::string, std::string>>& headers, std::string_view payload) {
  std::string fields;
  for (const auto& [name, value] : headers)
    fields += big_endian(name.size(), 1) + name + '\x07' + big_endian(value.size(), 2) + value;
  std::string out = big_endian(16 + fields.size() + payload.size(), 4) + big_endian(fields.size(), 4);
  out += big_endian(crypto::crc32(out), 4);
  out += fields;
  out += payload;
  return out + big_endian(crypto::crc32(out), 4);
}

inline std::string event(const std::string& type, std::string_view payload) {
  return frame({{":event-type", type}, {":content-type", "application/json"}, {":message-type", "event"}}, payload);
}

inline std::string exception(const std::string& type, std::string_view payload) {
  return frame({{":exception-type", type}, {":content-type", "application/json"}, {":message-type", "exception"}},
               payload);
}

}  // namespace spidergate::providers::bedrock
