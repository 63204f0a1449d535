# frozen_string_literal: true

module KrayinSync
  module Api
    # Products. Records are hashes with the server's own keys.
    class ProductClient < BaseClient
      # @return [Array<Hash>] those of exactly that name
      def search_product(name)
        wanted = text(name, "the name").to_s
        # A comma in a filter makes two values of it.
        found = wanted.include?(",") ? get_products : get("products", name: wanted, pagination: 0).fetch("data")
        found.select { |product| product["name"].to_s.casecmp?(wanted) }
      end

      # @return [Array<Hash>]
      def get_products = get("products", pagination: 0).fetch("data")

      # @return [Hash]
      def get_product(product_id) = get("products/#{id!(product_id)}").fetch("data")

      # Needs +name+ and +sku+.
      # @return [Hash]
      def create_product(product_data) = post("products", product_data).fetch("data")

      # @return [Hash]
      def update_product(product_data, product_id) = put("products/#{id!(product_id)}", product_data).fetch("data")

      # @return [void]
      def delete_product(product_id)
        delete("products/#{id!(product_id)}")
        nil
      end
    end
  end
end
