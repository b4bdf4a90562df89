"""The kit of pages: marks, axes, cards, banners, and the HTML file that holds them."""
