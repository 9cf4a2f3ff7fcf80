#include <spidergate/vault/envelope.hpp>
#include <spidergate/vault/rotation.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <thread>

namespace spidergate::vault {
namespace {

auto& os_random() {
  return crypto::system_random();
}

key_ring fresh_ring() {
  return {master_key::generate(os_random()), {}};
}

constexpr binding home{"brd_1", "int_1", "https://api.openai.com:443"};
constexpr std::string_view plain = R"({"api_key":"sk-proj-0123456789"})";

TEST(envelope, opens_where_it_was_sealed) {
  const auto keys = fresh_ring();
  const auto sealed = seal_credential(os_random(), keys, home, plain);
  EXPECT_EQ(sealed.find("sk-proj"), std::string::npos);
  EXPECT_EQ(master_key_id(sealed), keys.current.id);
  ASSERT_TRUE(open_credential(keys, home, sealed));
  EXPECT_EQ(open_credential(keys, home, sealed)->reveal(), plain);
  EXPECT_NE(seal_credential(os_random(), keys, home, plain), sealed) << "each sealing has its own data key and nonces";
}

TEST(envelope, row_copied_elsewhere_does_not_open) {
  const auto keys = fresh_ring();
  const auto sealed = seal_credential(os_random(), keys, home, plain);
  EXPECT_FALSE(open_credential(keys, {"brd_2", "int_1", home.origin}, sealed)) << "another brand";
  EXPECT_FALSE(open_credential(keys, {"", "int_1", home.origin}, sealed)) << "the pool";
  EXPECT_FALSE(open_credential(keys, {"brd_1", "int_2", home.origin}, sealed)) << "another integration";
  EXPECT_FALSE(open_credential(keys, {"brd_1", "int_1", "https://evil.example:443"}, sealed)) << "another origin";
  EXPECT_FALSE(open_credential(keys, {"brd_1i", "nt_1", home.origin}, sealed)) << "the same bytes, cut elsewhere";
  EXPECT_FALSE(open_credential(fresh_ring(), home, sealed)) << "another master key";
}

TEST(envelope, every_changed_byte_and_every_cut_is_noticed) {
  const auto keys = fresh_ring();
  const auto sealed = seal_credential(os_random(), keys, home, plain);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 0x40);
    EXPECT_FALSE(open_credential(keys, home, changed)) << i << " (0 to 3 are the version)";
  }
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_FALSE(open_credential(keys, home, std::string_view(sealed).substr(0, length)));
  }
  EXPECT_EQ(master_key_id("SGV1"), "");
  EXPECT_EQ(master_key_id(""), "");
}

TEST(envelope, halves_of_two_rows_do_not_make_one) {
  const auto keys = fresh_ring();
  const auto one = seal_credential(os_random(), keys, home, plain);
  const auto two = seal_credential(os_random(), keys, home, plain);
  constexpr std::size_t head = 4 + 16 + 60;
  EXPECT_FALSE(open_credential(keys, home, one.substr(0, head) + two.substr(head)));
}

TEST(envelope, previous_keys_still_open_and_rewrap_brings_to_the_current) {
  const auto old = fresh_ring();
  const auto sealed = seal_credential(os_random(), old, home, plain);
  const key_ring rotated{master_key::generate(os_random()), {old.current}};
  EXPECT_TRUE(open_credential(rotated, home, sealed));
  const auto rewrapped = rewrap(os_random(), rotated, home, sealed);
  ASSERT_TRUE(rewrapped);
  EXPECT_EQ(master_key_id(*rewrapped), rotated.current.id);
  EXPECT_EQ(open_credential({rotated.current, {}}, home, *rewrapped)->reveal(), plain);
  EXPECT_FALSE(open_credential(old, home, *rewrapped));
  EXPECT_FALSE(rewrap(os_random(), rotated, {"brd_2", "int_1", home.origin}, sealed));
  auto tampered = sealed;
  tampered.back() = static_cast<char>(tampered.back() ^ 1);
  EXPECT_FALSE(rewrap(os_random(), rotated, home, tampered)) << "a broken row must not look freshly rotated";
}

TEST(rotation, rewraps_all_rows_and_names_those_it_cannot_read) {
  const auto old = fresh_ring();
  const key_ring rotated{master_key::generate(os_random()), {old.current}};
  std::vector<store::integration_record> rows(4);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].id = "int_" + std::to_string(i);
    rows[i].origin = home.origin;
    rows[i].sealed = seal_credential(os_random(), old, {"", rows[i].id, rows[i].origin}, plain);
  }
  rows[1].sealed = seal_credential(os_random(), rotated, {"", rows[1].id, rows[1].origin}, plain);
  rows[2].sealed = rows[0].sealed;
  const auto done = rewrap_all(os_random(), rotated, rows);
  ASSERT_EQ(done.rewrapped.size(), 2U);
  EXPECT_EQ(done.current_already, 1U);
  EXPECT_EQ(done.unreadable, std::vector<std::string>{"int_2"});
  const auto& row = done.rewrapped[1];
  EXPECT_EQ(row.id, "int_3");
  EXPECT_TRUE(open_credential({rotated.current, {}}, {"", row.id, row.origin}, row.sealed));
}

TEST(mask_key, shows_what_kind_and_the_tail) {
  EXPECT_EQ(mask_key("sk-or-v1-0123456789abcdef9f2c"), "sk-or-***9f2c");
  EXPECT_EQ(mask_key("sk-ant-api03-abcdefghijklmnop-wxyz"), "sk-ant-***wxyz");
  EXPECT_EQ(mask_key("gsk_abcdefghijklmnopqrst"), "gsk_***qrst");
  EXPECT_EQ(mask_key("0123456789abcdef0123456789abcdef"), "012***cdef");
  for (const auto* shorter : {"", "k", "0123456789abcde", "sk-proj-0123456789"}) EXPECT_EQ(mask_key(shorter), "***");
}

class master_key_files : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = std::filesystem::temp_directory_path() / ("sg_key_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void write(std::string_view text, mode_t mode) const {
    std::ofstream(path()) << text;
    ::chmod(path().c_str(), mode);
  }
  [[nodiscard]] std::string path() const { return (folder / "master.key").string(); }

  std::filesystem::path folder;
};

TEST_F(master_key_files, first_start_makes_one_and_later_ones_read_it) {
  const auto made = load_or_create_master_key(path(), os_random());
  ASSERT_TRUE(made) << made.error();
  EXPECT_TRUE(made->created);
  struct stat about{};
  ASSERT_EQ(::stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  const auto read = load_or_create_master_key(path(), os_random());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->created);
  EXPECT_EQ(read->key.id, made->key.id);
  EXPECT_EQ(read->key.bytes.reveal(), made->key.bytes.reveal());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << "no draft is left";
}

TEST_F(master_key_files, two_first_starts_end_with_one_key) {
  std::vector<std::string> ids(4);
  {
    std::vector<std::jthread> starts;
    for (auto& id : ids) starts.emplace_back([&] { id = load_or_create_master_key(path(), os_random())->key.id; });
  }
  for (const auto& id : ids) EXPECT_EQ(id, ids[0]);
}

TEST_F(master_key_files, file_open_to_others_is_refused_and_to_the_group_is_warned_about) {
  const std::string hex(64, 'a');
  write(hex + "\n", 0644);
  const auto refused = load_or_create_master_key(path(), os_random());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("chmod 600"), std::string::npos);
  EXPECT_EQ(refused.error().find(hex), std::string::npos);
  write(hex + "\n", 0640);
  const auto warned = load_or_create_master_key(path(), os_random());
  ASSERT_TRUE(warned);
  EXPECT_NE(warned->warning, "");
  write(hex + "\r\n", 0600);
  EXPECT_EQ(load_or_create_master_key(path(), os_random())->warning, "");
}

TEST_F(master_key_files, damaged_file_is_never_replaced) {
  for (const auto* damaged : {"", "abc", "zz"}) {
    write(damaged, 0600);
    EXPECT_FALSE(load_or_create_master_key(path(), os_random()));
  }
  EXPECT_FALSE(load_or_create_master_key((folder / "none" / "master.key").string(), os_random()));
}

TEST(master_key, hex_goes_there_and_back) {
  const auto key = master_key::generate(os_random());
  const auto hex = key.to_hex();
  EXPECT_EQ(hex.size(), 64U);
  EXPECT_EQ(master_key::from_hex(hex.reveal())->bytes.reveal(), key.bytes.reveal());
  EXPECT_EQ(key.id.size(), 16U);
  EXPECT_FALSE(master_key::from_hex(hex.reveal().substr(1)));
  EXPECT_FALSE(master_key::from_hex(std::string(63, 'a') + "g"));
}

}  // namespace
}  // namespace spidergate::vault
