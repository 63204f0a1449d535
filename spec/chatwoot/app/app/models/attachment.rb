# frozen_string_literal: true

class Attachment < ApplicationRecord
  belongs_to :message
  has_one_attached :file
  enum file_type: { image: 0, audio: 1, video: 2, file: 3, location: 4, fallback: 5, share: 6, story_mention: 7,
                    contact: 8, ig_reel: 9, ig_post: 10, ig_story: 11, embed: 12 }
end
