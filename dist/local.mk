# what make install puts beside the program
