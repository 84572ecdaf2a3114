define internal void @contract_1(ptr noalias %a0, ptr noalias %a1, ptr noalias %a2, ptr noalias %a3) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v70, %b1 ]
  %v4 = phi ptr [ %a0, %entry ], [ %v68, %b1 ]
  %v5 = phi ptr [ %a1, %entry ], [ %v69, %b1 ]
  %v6 = phi <4 x float> [ zeroinitializer, %entry ], [ %v48, %b1 ]
  %v7 = phi <4 x float> [ zeroinitializer, %entry ], [ %v49, %b1 ]
  %v8 = phi <4 x float> [ zeroinitializer, %entry ], [ %v54, %b1 ]
  %v9 = phi <4 x float> [ zeroinitializer, %entry ], [ %v55, %b1 ]
  %v10 = phi <4 x float> [ zeroinitializer, %entry ], [ %v60, %b1 ]
  %v11 = phi <4 x float> [ zeroinitializer, %entry ], [ %v61, %b1 ]
  %v12 = phi <4 x float> [ zeroinitializer, %entry ], [ %v66, %b1 ]
  %v13 = phi <4 x float> [ zeroinitializer, %entry ], [ %v67, %b1 ]
  %v14 = load <4 x float>, ptr %v5, align 4
  %v15 = getelementptr i8, ptr %v5, i64 16
  %v16 = load <4 x float>, ptr %v15, align 4
  %v17 = load float, ptr %v4, align 4
  %v18 = insertelement <4 x float> poison, float %v17, i64 0
  %v19 = shufflevector <4 x float> %v18, <4 x float> poison, <4 x i32> zeroinitializer
  %v20 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v19, <4 x float> %v14, <4 x float> %v6)
  %v21 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v19, <4 x float> %v16, <4 x float> %v7)
  %v22 = getelementptr i8, ptr %v4, i64 32
  %v23 = load float, ptr %v22, align 4
  %v24 = insertelement <4 x float> poison, float %v23, i64 0
  %v25 = shufflevector <4 x float> %v24, <4 x float> poison, <4 x i32> zeroinitializer
  %v26 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v25, <4 x float> %v14, <4 x float> %v8)
  %v27 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v25, <4 x float> %v16, <4 x float> %v9)
  %v28 = getelementptr i8, ptr %v4, i64 64
  %v29 = load float, ptr %v28, align 4
  %v30 = insertelement <4 x float> poison, float %v29, i64 0
  %v31 = shufflevector <4 x float> %v30, <4 x float> poison, <4 x i32> zeroinitializer
  %v32 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v31, <4 x float> %v14, <4 x float> %v10)
  %v33 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v31, <4 x float> %v16, <4 x float> %v11)
  %v34 = getelementptr i8, ptr %v4, i64 96
  %v35 = load float, ptr %v34, align 4
  %v36 = insertelement <4 x float> poison, float %v35, i64 0
  %v37 = shufflevector <4 x float> %v36, <4 x float> poison, <4 x i32> zeroinitializer
  %v38 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v37, <4 x float> %v14, <4 x float> %v12)
  %v39 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v37, <4 x float> %v16, <4 x float> %v13)
  %v40 = getelementptr i8, ptr %v5, i64 80
  %v41 = load <4 x float>, ptr %v40, align 4
  %v42 = getelementptr i8, ptr %v5, i64 96
  %v43 = load <4 x float>, ptr %v42, align 4
  %v44 = getelementptr i8, ptr %v4, i64 4
  %v45 = load float, ptr %v44, align 4
  %v46 = insertelement <4 x float> poison, float %v45, i64 0
  %v47 = shufflevector <4 x float> %v46, <4 x float> poison, <4 x i32> zeroinitializer
  %v48 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v47, <4 x float> %v41, <4 x float> %v20)
  %v49 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v47, <4 x float> %v43, <4 x float> %v21)
  %v50 = getelementptr i8, ptr %v4, i64 36
  %v51 = load float, ptr %v50, align 4
  %v52 = insertelement <4 x float> poison, float %v51, i64 0
  %v53 = shufflevector <4 x float> %v52, <4 x float> poison, <4 x i32> zeroinitializer
  %v54 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v53, <4 x float> %v41, <4 x float> %v26)
  %v55 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v53, <4 x float> %v43, <4 x float> %v27)
  %v56 = getelementptr i8, ptr %v4, i64 68
  %v57 = load float, ptr %v56, align 4
  %v58 = insertelement <4 x float> poison, float %v57, i64 0
  %v59 = shufflevector <4 x float> %v58, <4 x float> poison, <4 x i32> zeroinitializer
  %v60 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v59, <4 x float> %v41, <4 x float> %v32)
  %v61 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v59, <4 x float> %v43, <4 x float> %v33)
  %v62 = getelementptr i8, ptr %v4, i64 100
  %v63 = load float, ptr %v62, align 4
  %v64 = insertelement <4 x float> poison, float %v63, i64 0
  %v65 = shufflevector <4 x float> %v64, <4 x float> poison, <4 x i32> zeroinitializer
  %v66 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v65, <4 x float> %v41, <4 x float> %v38)
  %v67 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v65, <4 x float> %v43, <4 x float> %v39)
  %v68 = getelementptr i8, ptr %v4, i64 8
  %v69 = getelementptr i8, ptr %v5, i64 160
  %v70 = add nuw nsw i64 %v3, 2
  %v71 = icmp slt i64 %v70, 8
  br i1 %v71, label %b1, label %b2
b2:
  %v72 = load <4 x float>, ptr %a2, align 4
  %v73 = fadd <4 x float> %v48, %v72
  %v74 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v73
  %v75 = select <4 x i1> %v74, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v73
  store <4 x float> %v75, ptr %a3, align 4
  %v76 = getelementptr i8, ptr %a2, i64 16
  %v77 = load <4 x float>, ptr %v76, align 4
  %v78 = fadd <4 x float> %v49, %v77
  %v79 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v78
  %v80 = select <4 x i1> %v79, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v78
  %v81 = getelementptr i8, ptr %a3, i64 16
  store <4 x float> %v80, ptr %v81, align 4
  %v82 = fadd <4 x float> %v54, %v72
  %v83 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v82
  %v84 = select <4 x i1> %v83, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v82
  %v85 = getelementptr i8, ptr %a3, i64 80
  store <4 x float> %v84, ptr %v85, align 4
  %v86 = fadd <4 x float> %v55, %v77
  %v87 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v86
  %v88 = select <4 x i1> %v87, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v86
  %v89 = getelementptr i8, ptr %a3, i64 96
  store <4 x float> %v88, ptr %v89, align 4
  %v90 = fadd <4 x float> %v60, %v72
  %v91 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v90
  %v92 = select <4 x i1> %v91, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v90
  %v93 = getelementptr i8, ptr %a3, i64 160
  store <4 x float> %v92, ptr %v93, align 4
  %v94 = fadd <4 x float> %v61, %v77
  %v95 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v94
  %v96 = select <4 x i1> %v95, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v94
  %v97 = getelementptr i8, ptr %a3, i64 176
  store <4 x float> %v96, ptr %v97, align 4
  %v98 = fadd <4 x float> %v66, %v72
  %v99 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v98
  %v100 = select <4 x i1> %v99, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v98
  %v101 = getelementptr i8, ptr %a3, i64 240
  store <4 x float> %v100, ptr %v101, align 4
  %v102 = fadd <4 x float> %v67, %v77
  %v103 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v102
  %v104 = select <4 x i1> %v103, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v102
  %v105 = getelementptr i8, ptr %a3, i64 256
  store <4 x float> %v104, ptr %v105, align 4
  %v106 = getelementptr i8, ptr %a1, i64 32
  br label %b107
b107:
  %v109 = phi i64 [ 0, %b2 ], [ %v192, %b107 ]
  %v110 = phi ptr [ %a0, %b2 ], [ %v190, %b107 ]
  %v111 = phi ptr [ %v106, %b2 ], [ %v191, %b107 ]
  %v112 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v166, %b107 ]
  %v113 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v167, %b107 ]
  %v114 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v168, %b107 ]
  %v115 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v173, %b107 ]
  %v116 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v174, %b107 ]
  %v117 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v175, %b107 ]
  %v118 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v180, %b107 ]
  %v119 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v181, %b107 ]
  %v120 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v182, %b107 ]
  %v121 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v187, %b107 ]
  %v122 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v188, %b107 ]
  %v123 = phi <4 x float> [ zeroinitializer, %b2 ], [ %v189, %b107 ]
  %v124 = load <4 x float>, ptr %v111, align 4
  %v125 = getelementptr i8, ptr %v111, i64 16
  %v126 = load <4 x float>, ptr %v125, align 4
  %v127 = getelementptr i8, ptr %v111, i64 32
  %v128 = load <4 x float>, ptr %v127, align 4
  %v129 = load float, ptr %v110, align 4
  %v130 = insertelement <4 x float> poison, float %v129, i64 0
  %v131 = shufflevector <4 x float> %v130, <4 x float> poison, <4 x i32> zeroinitializer
  %v132 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v131, <4 x float> %v124, <4 x float> %v112)
  %v133 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v131, <4 x float> %v126, <4 x float> %v113)
  %v134 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v131, <4 x float> %v128, <4 x float> %v114)
  %v135 = getelementptr i8, ptr %v110, i64 32
  %v136 = load float, ptr %v135, align 4
  %v137 = insertelement <4 x float> poison, float %v136, i64 0
  %v138 = shufflevector <4 x float> %v137, <4 x float> poison, <4 x i32> zeroinitializer
  %v139 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v138, <4 x float> %v124, <4 x float> %v115)
  %v140 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v138, <4 x float> %v126, <4 x float> %v116)
  %v141 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v138, <4 x float> %v128, <4 x float> %v117)
  %v142 = getelementptr i8, ptr %v110, i64 64
  %v143 = load float, ptr %v142, align 4
  %v144 = insertelement <4 x float> poison, float %v143, i64 0
  %v145 = shufflevector <4 x float> %v144, <4 x float> poison, <4 x i32> zeroinitializer
  %v146 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v145, <4 x float> %v124, <4 x float> %v118)
  %v147 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v145, <4 x float> %v126, <4 x float> %v119)
  %v148 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v145, <4 x float> %v128, <4 x float> %v120)
  %v149 = getelementptr i8, ptr %v110, i64 96
  %v150 = load float, ptr %v149, align 4
  %v151 = insertelement <4 x float> poison, float %v150, i64 0
  %v152 = shufflevector <4 x float> %v151, <4 x float> poison, <4 x i32> zeroinitializer
  %v153 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v152, <4 x float> %v124, <4 x float> %v121)
  %v154 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v152, <4 x float> %v126, <4 x float> %v122)
  %v155 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v152, <4 x float> %v128, <4 x float> %v123)
  %v156 = getelementptr i8, ptr %v111, i64 80
  %v157 = load <4 x float>, ptr %v156, align 4
  %v158 = getelementptr i8, ptr %v111, i64 96
  %v159 = load <4 x float>, ptr %v158, align 4
  %v160 = getelementptr i8, ptr %v111, i64 112
  %v161 = load <4 x float>, ptr %v160, align 4
  %v162 = getelementptr i8, ptr %v110, i64 4
  %v163 = load float, ptr %v162, align 4
  %v164 = insertelement <4 x float> poison, float %v163, i64 0
  %v165 = shufflevector <4 x float> %v164, <4 x float> poison, <4 x i32> zeroinitializer
  %v166 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v165, <4 x float> %v157, <4 x float> %v132)
  %v167 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v165, <4 x float> %v159, <4 x float> %v133)
  %v168 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v165, <4 x float> %v161, <4 x float> %v134)
  %v169 = getelementptr i8, ptr %v110, i64 36
  %v170 = load float, ptr %v169, align 4
  %v171 = insertelement <4 x float> poison, float %v170, i64 0
  %v172 = shufflevector <4 x float> %v171, <4 x float> poison, <4 x i32> zeroinitializer
  %v173 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v172, <4 x float> %v157, <4 x float> %v139)
  %v174 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v172, <4 x float> %v159, <4 x float> %v140)
  %v175 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v172, <4 x float> %v161, <4 x float> %v141)
  %v176 = getelementptr i8, ptr %v110, i64 68
  %v177 = load float, ptr %v176, align 4
  %v178 = insertelement <4 x float> poison, float %v177, i64 0
  %v179 = shufflevector <4 x float> %v178, <4 x float> poison, <4 x i32> zeroinitializer
  %v180 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v179, <4 x float> %v157, <4 x float> %v146)
  %v181 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v179, <4 x float> %v159, <4 x float> %v147)
  %v182 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v179, <4 x float> %v161, <4 x float> %v148)
  %v183 = getelementptr i8, ptr %v110, i64 100
  %v184 = load float, ptr %v183, align 4
  %v185 = insertelement <4 x float> poison, float %v184, i64 0
  %v186 = shufflevector <4 x float> %v185, <4 x float> poison, <4 x i32> zeroinitializer
  %v187 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v186, <4 x float> %v157, <4 x float> %v153)
  %v188 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v186, <4 x float> %v159, <4 x float> %v154)
  %v189 = call <4 x float> @llvm.fma.v4f32(<4 x float> %v186, <4 x float> %v161, <4 x float> %v155)
  %v190 = getelementptr i8, ptr %v110, i64 8
  %v191 = getelementptr i8, ptr %v111, i64 160
  %v192 = add nuw nsw i64 %v109, 2
  %v193 = icmp slt i64 %v192, 8
  br i1 %v193, label %b107, label %b108
b108:
  %v194 = getelementptr i8, ptr %a2, i64 32
  %v195 = load <4 x float>, ptr %v194, align 4
  %v196 = fadd <4 x float> %v166, %v195
  %v197 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v196
  %v198 = select <4 x i1> %v197, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v196
  %v199 = getelementptr i8, ptr %a3, i64 32
  store <4 x float> %v198, ptr %v199, align 4
  %v200 = getelementptr i8, ptr %a2, i64 48
  %v201 = load <4 x float>, ptr %v200, align 4
  %v202 = fadd <4 x float> %v167, %v201
  %v203 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v202
  %v204 = select <4 x i1> %v203, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v202
  %v205 = getelementptr i8, ptr %a3, i64 48
  store <4 x float> %v204, ptr %v205, align 4
  %v206 = getelementptr i8, ptr %a2, i64 64
  %v207 = load <4 x float>, ptr %v206, align 4
  %v208 = fadd <4 x float> %v168, %v207
  %v209 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v208
  %v210 = select <4 x i1> %v209, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v208
  %v211 = getelementptr i8, ptr %a3, i64 64
  store <4 x float> %v210, ptr %v211, align 4
  %v212 = fadd <4 x float> %v173, %v195
  %v213 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v212
  %v214 = select <4 x i1> %v213, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v212
  %v215 = getelementptr i8, ptr %a3, i64 112
  store <4 x float> %v214, ptr %v215, align 4
  %v216 = fadd <4 x float> %v174, %v201
  %v217 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v216
  %v218 = select <4 x i1> %v217, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v216
  %v219 = getelementptr i8, ptr %a3, i64 128
  store <4 x float> %v218, ptr %v219, align 4
  %v220 = fadd <4 x float> %v175, %v207
  %v221 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v220
  %v222 = select <4 x i1> %v221, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v220
  %v223 = getelementptr i8, ptr %a3, i64 144
  store <4 x float> %v222, ptr %v223, align 4
  %v224 = fadd <4 x float> %v180, %v195
  %v225 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v224
  %v226 = select <4 x i1> %v225, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v224
  %v227 = getelementptr i8, ptr %a3, i64 192
  store <4 x float> %v226, ptr %v227, align 4
  %v228 = fadd <4 x float> %v181, %v201
  %v229 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v228
  %v230 = select <4 x i1> %v229, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v228
  %v231 = getelementptr i8, ptr %a3, i64 208
  store <4 x float> %v230, ptr %v231, align 4
  %v232 = fadd <4 x float> %v182, %v207
  %v233 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v232
  %v234 = select <4 x i1> %v233, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v232
  %v235 = getelementptr i8, ptr %a3, i64 224
  store <4 x float> %v234, ptr %v235, align 4
  %v236 = fadd <4 x float> %v187, %v195
  %v237 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v236
  %v238 = select <4 x i1> %v237, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v236
  %v239 = getelementptr i8, ptr %a3, i64 272
  store <4 x float> %v238, ptr %v239, align 4
  %v240 = fadd <4 x float> %v188, %v201
  %v241 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v240
  %v242 = select <4 x i1> %v241, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v240
  %v243 = getelementptr i8, ptr %a3, i64 288
  store <4 x float> %v242, ptr %v243, align 4
  %v244 = fadd <4 x float> %v189, %v207
  %v245 = fcmp ogt <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v244
  %v246 = select <4 x i1> %v245, <4 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <4 x float> %v244
  %v247 = getelementptr i8, ptr %a3, i64 304
  store <4 x float> %v246, ptr %v247, align 4
  ret void
}

define internal void @step(ptr %arena, ptr %a1, ptr %a2, ptr %a3) #1 {
entry:
  call void @contract_1(ptr %a1, ptr %a2, ptr %a3, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = load ptr, ptr %table, align 8
  %v2 = getelementptr i8, ptr %table, i64 8
  %v3 = load ptr, ptr %v2, align 8
  %v4 = getelementptr i8, ptr %table, i64 16
  %v5 = load ptr, ptr %v4, align 8
  call void @step(ptr %arena, ptr %v1, ptr %v3, ptr %v5)
  ret void
}

declare <4 x float> @llvm.fma.v4f32(<4 x float>, <4 x float>, <4 x float>)
attributes #0 = { nounwind "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="128" "min-legal-vector-width"="128" "no-trapping-math"="true" }
