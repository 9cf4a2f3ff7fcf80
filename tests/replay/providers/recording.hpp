#pragma once
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace spidergate::replay {

using json = nlohmann::json;

/// The folder of recorded exchanges: SPIDERGATE_WIRE_DIR, else shared/wire beside the source tree.
inline std::filesystem::path wire_dir() {
  if (const char* set = std::getenv("SPIDERGATE_WIRE_DIR")) return set;
  return std::filesystem::path(SPIDERGATE_SOURCE_DIR) / ".." / "shared" / "wire";
}

inline std::vector<json> recordings_of(const std::string& file) {
  std::vector<json> records;
  std::ifstream in(wire_dir() / (file + ".jsonl"));
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) records.push_back(json::parse(line));
  }
  return records;
}

/// What a provider sent, as text.
inline std::string body_of(const json& record) {
  const auto& body = record.at("response_body");
  return body.is_string() ? body.get<std::string>() : body.dump();
}

}  // namespace spidergate::replay
