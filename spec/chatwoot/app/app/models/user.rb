# frozen_string_literal: true

class User < ApplicationRecord
  self.inheritance_column = nil
end
