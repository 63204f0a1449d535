# frozen_string_literal: true

# Here its rows stand in the record, not in a file.
class DataImport < ApplicationRecord
  belongs_to :account
end
