#include "cli/answer_reader.h"

#include <gtest/gtest.h>

namespace weir::cli {
namespace {

TEST(AnswerReader, TheFirstLineTellsHowTheRestIsRead) {
  const struct {
    std::string_view answer, output, complaint;
    bool breaks_off = false;
  } cases[] = {
      {"ok\nversion: 1\n", "version: 1\n", ""},
      {"ok\n", "", ""},
      {"unknown word: x\n", "", "unknown word: x\n"},
      {"ok", "", "ok"},
      {"okay\n", "", "okay\n"},
      {"ok streams\n", "", "ok streams\n"},
      {std::string_view("ok stream\na\nb\n\0", 15), "a\nb\n", ""},
      {std::string_view("ok stream\n\0", 11), "", ""},
      {std::string_view("ok stream\na\n\0the rest is lost\x1b\n", 31), "a\n",
       "the rest is lost\\x1b\n"},
      {"ok stream\na\n", "a\n", "", true},
      {"ok\na\xc3", "a\\xc3", ""},
  };
  for (const auto& each : cases) {
    for (size_t size = 1; size <= each.answer.size(); ++size) {
      AnswerReader reader;
      std::string output;
      for (size_t at = 0; at < each.answer.size(); at += size)
        output += reader.take(each.answer.substr(at, size));
      output += reader.end();
      EXPECT_EQ(output, each.output) << size;
      EXPECT_EQ(reader.complaint(), each.complaint) << size;
      EXPECT_EQ(reader.breaks_off(), each.breaks_off) << size;
      EXPECT_FALSE(reader.is_too_long());
    }
  }
}

TEST(AnswerReader, AStreamIsPrintedAsItComesAndHasNoLimit) {
  AnswerReader reader;
  EXPECT_EQ(reader.take("ok str"), "");
  EXPECT_EQ(reader.take("eam\nfirst\n"), "first\n");
  const std::string piece(100'000, 'x');
  for (int i = 0; i < 30; ++i) EXPECT_EQ(reader.take(piece), piece);
  EXPECT_FALSE(reader.is_too_long());
  EXPECT_TRUE(reader.breaks_off());
}

TEST(AnswerReader, TextsAndComplaintsHaveALimit) {
  const std::string piece(AnswerReader::kLongestText, 'x');
  for (const std::string_view start : {std::string_view("ok\n"), std::string_view("no\n"),
                                       std::string_view("ok stream\n\0", 11)}) {
    AnswerReader reader;
    std::string output = reader.take(start);
    output += reader.take(piece);
    output += reader.take(piece);
    output += reader.end();
    EXPECT_TRUE(reader.is_too_long());
    EXPECT_EQ(output.size() + reader.complaint().size(), AnswerReader::kLongestText);
  }
}

}  // namespace
}  // namespace weir::cli
